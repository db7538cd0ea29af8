#!/usr/bin/env bash
# Builds the guest in Python of the playground into built/: 18 MB, so that it is not committed. The site has it if it is there.
#
# Needs componentize-py 0.25.1: python3 -m venv DIR && DIR/bin/pip install componentize-py==0.25.1
# Then run:                     PATH=DIR/bin:$PATH ./build.sh
set -euo pipefail
cd "$(dirname "$0")"
mkdir -p built
componentize-py -d wit -w python componentize app -o built/python.wasm

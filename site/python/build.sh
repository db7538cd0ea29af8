#!/usr/bin/env bash
# Builds python.wasm, the guest in Python of the playground: a core module of WASI preview 1. It is committed, so that only those
# who change it need this. The same versions give the same bytes.
#
# Needs make, the sources of MicroPython 1.26.1 (https://github.com/micropython/micropython), and Zig's C compiler:
#               python3 -m venv DIR && DIR/bin/pip install ziglang==0.15.1
# Then run:     MICROPYTHON=FOLDER PATH=DIR/bin:$PATH ./build.sh
set -euo pipefail
cd "$(dirname "$0")"
build=$(mktemp -d)
trap 'rm -rf "$build"' EXIT

zig=$(python3 -c 'import os, ziglang; print(os.path.dirname(ziglang.__file__))')
cc="$build/cc"
printf '#!/bin/sh\nexec %q cc --target=wasm32-wasi-musl "$@"\n' "$zig/zig" >"$cc"
chmod +x "$cc"
# Where Zig only preprocesses, and more than one file, it has to be told of its libc.
headers="-isystem $zig/lib/include -isystem $zig/lib/libc/include/wasm-wasi-musl -isystem $zig/lib/libc/include/generic-musl"
touch "$build/qstrdefsport.h"
make -j"$(nproc)" TOP="$MICROPYTHON" BUILD="$build" CC="$cc" CPP="$cc -E $headers" SIZE=true STRIP=true PYTHON=python3
cp "$build/python.wasm" python.wasm
chmod 644 python.wasm

#!/usr/bin/env bash
# Builds the guests: ./build.sh builds all, ./build.sh NAME... the named ones, into built/.
#
# Needs, on Debian 12:  apt-get install clang-19 lld-19 wasi-libc libclang-rt-19-dev-wasm32
# and jco 1.35.0:       npm install --prefix DIR @bytecodealliance/jco@1.35.0
# Then run:             JCO=DIR ./build.sh
# The same versions give the same bytes. CLANG and NODE name other programs if need be.
set -euo pipefail
shopt -s inherit_errexit
cd "$(dirname "$0")"
: "${JCO:?set JCO to the folder in which jco is installed, see the head of build.sh}"
CLANG=${CLANG:-clang-19}
NODE=${NODE:-node}

core=$(mktemp -d)
trap 'rm -rf "$core"' EXIT

common=(-O2 -std=c17 -Wall -Wextra -Werror -Iinclude)
freestanding=(--target=wasm32-unknown-unknown -ffreestanding -nostdlib -mbulk-memory
  -Wl,--no-entry,--gc-sections,--stack-first,-z,stack-size=16384)
libc=(--target=wasm32-wasi --sysroot=/usr -isystem /usr/include/wasm32-wasi -nostartfiles)

# The source file of a guest, which its folder says how to build.
source_of() {
  local found=(src/*/"$1".c)
  [ -e "${found[0]}" ] || { echo "build.sh: no guest is named $1" >&2; exit 1; }
  echo "${found[0]}"
}

# Compiles one guest and prints its argument for componentize.mjs.
compile() {
  local name=$1 source flags strip=--strip-all wit=
  source=$(source_of "$name")
  # A trap's backtrace is to show the names of its functions.
  if [ "$name" = trap-now ]; then strip=--strip-debug; fi
  case $source in
    src/libc/*) flags=("${libc[@]}") ;;
    *)
      flags=("${freestanding[@]}")
      wit=${source%.c}.wit
      [ -e "$wit" ] || wit=guest.wit
      ;;
  esac
  "$CLANG" "${common[@]}" "${flags[@]}" "-Wl,$strip" -o "$core/$name.core.wasm" "$source" >&2
  echo "$name${wit:+:$wit}"
}

if [ $# -eq 0 ]; then set -- $(basename -s .c src/*/*.c); fi
guests=()
for name in "$@"; do guests+=("$(compile "$name")"); done
mkdir -p built
"$NODE" componentize.mjs "$JCO" "$core" built "${guests[@]}"
echo "built ${#guests[@]} guests"

#!/usr/bin/env bash
# Builds the guests: ./build.sh builds all, ./build.sh NAME... the named ones, into built/.
#
# Needs jco 1.35.0:     npm install --prefix DIR @bytecodealliance/jco@1.35.0
# and, on Debian 12, for the guests in
#   C:                  apt-get install clang-19 lld-19 wasi-libc libclang-rt-19-dev-wasm32
#   Rust:               apt-get install rustc-web cargo-web rust-web-src lld-19 wasi-libc
#   Go:                 Go 1.26.8
# Then run:             JCO=DIR ./build.sh
# The guests in src/p1, which stay core modules, need only the first.
# A language whose tools are missing is left out. The same versions give the same bytes. CLANG,
# CARGO, RUSTC, RUST_SRC (the folder of the standard library), GO and NODE name others if need be.
set -euo pipefail
shopt -s inherit_errexit nullglob
cd "$(dirname "$0")"
CLANG=${CLANG:-clang-19}
CARGO=${CARGO:-/usr/bin/cargo}
export RUSTC=${RUSTC:-/usr/bin/rustc}
rust_src=(/usr/src/rustc-*/library rust-web-src)
RUST_SRC=${RUST_SRC:-${rust_src[0]}}
GO=${GO:-go}
NODE=${NODE:-node}

core=$(mktemp -d)
trap 'rm -rf "$core"' EXIT

common=(-O2 -std=c17 -Wall -Wextra -Werror -Iinclude)
freestanding=(--target=wasm32-unknown-unknown -ffreestanding -nostdlib -mbulk-memory
  -Wl,--no-entry,--gc-sections,--stack-first,-z,stack-size=16384)
libc=(--target=wasm32-wasi --sysroot=/usr -isystem /usr/include/wasm32-wasi -nostartfiles)
rust=(-Zlocation-detail=none -Clinker=wasm-ld-19 -Clinker-flavor=wasm-ld -Clink-self-contained=no
  -Clink-arg=/usr/lib/wasm32-wasi/crt1-command.o -Clink-arg=--export=cabi_realloc
  -Lnative=/usr/lib/wasm32-wasi)

# Programs with libc that are kept as core modules too, in built/p1, beside those of src/p1.
core_too=" cat wc exit-status libc-write-error files-c "

# The source of a guest: a file in C, or the folder of a package in Rust or Go.
source_of() {
  local source
  for source in src/*/"$1".c src/rust/"$1"/ src/go/"$1"/; do
    if [ -e "$source" ]; then echo "$source"; return; fi
  done
  echo "build.sh: no guest is named $1" >&2
  exit 1
}

# What builds a source but is not there; nothing if all is.
missing_for() {
  local needed tool
  case $1 in
    src/rust/*) needed=("$CARGO" "$RUSTC" wasm-ld-19 "$RUST_SRC") ;;
    src/go/*) needed=("$GO") ;;
    *) needed=("$CLANG") ;;
  esac
  for tool in "${needed[@]}"; do
    [ -d "$tool" ] || command -v "$tool" >/dev/null || echo "$tool"
  done
}

compile_c() {
  local name=$1 source=$2 flags=("${freestanding[@]}") strip=--strip-all
  # A trap's backtrace is to show the names of its functions.
  if [ "$name" = trap-now ]; then strip=--strip-debug; fi
  case $source in src/libc/*) flags=("${libc[@]}") ;; esac
  "$CLANG" "${common[@]}" "${flags[@]}" "-Wl,$strip" -o "$core/$name.core.wasm" "$source"
}

# Debian has no built standard library for WASI, so that it is built along, from vendored packages.
compile_rust() {
  RUSTC_BOOTSTRAP=1 CARGO_TARGET_WASM32_WASIP1_RUSTFLAGS="${rust[*]}" "$CARGO" build --quiet \
    --release --locked --manifest-path "$2Cargo.toml" --target-dir "$core/$1" \
    --target wasm32-wasip1 -Zbuild-std=std,panic_abort -Zbuild-std-features=optimize_for_size \
    --config 'source.crates-io.replace-with="vendored"' \
    --config "source.vendored.directory=\"$RUST_SRC/vendor\""
  mv "$core/$1/wasm32-wasip1/release/$1.wasm" "$core/$1.core.wasm"
}

compile_go() {
  GOOS=wasip1 GOARCH=wasm GOTOOLCHAIN=local "$GO" build -C "$2" -trimpath -buildvcs=false \
    -ldflags "-s -w -buildid=" -o "$core/$1.core.wasm" .
}

# Compiles one guest and prints its argument for componentize.mjs; nothing if it is left out.
compile() {
  local name=$1 source missing wit=
  source=$(source_of "$name")
  missing=$(missing_for "$source")
  if [ -n "$missing" ]; then
    echo "build.sh: left out $name, for want of" $missing >&2
    return
  fi
  case $source in
    src/rust/*) compile_rust "$name" "$source" >&2 ;;
    src/go/*) compile_go "$name" "$source" >&2 ;;
    *) compile_c "$name" "$source" >&2 ;;
  esac
  case "$source$core_too" in
    src/p1/* | *" $name "*) cp "$core/$name.core.wasm" "built/p1/$name.wasm" ;;
  esac
  case $source in
    src/p1/*) return ;;
    src/claims/* | src/programs/*)
      wit=${source%.c}.wit
      [ -e "$wit" ] || wit=guest.wit
      ;;
  esac
  echo "$name${wit:+:$wit}"
}

if [ $# -eq 0 ]; then set -- $(basename -a -s .c src/*/*.c src/rust/*/ src/go/*/); fi
mkdir -p built/p1
guests=()
for name in "$@"; do
  guest=$(compile "$name")
  if [ -n "$guest" ]; then guests+=("$guest"); fi
done
if [ ${#guests[@]} -gt 0 ]; then
  : "${JCO:?set JCO to the folder in which jco is installed, see the head of build.sh}"
  "$NODE" componentize.mjs "$JCO" "$core" built "${guests[@]}"
fi
echo "built ${#guests[@]} components, of $# guests"

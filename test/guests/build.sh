#!/usr/bin/env bash
# Builds the guests: ./build.sh builds all, ./build.sh NAME... the named ones, into built/.
#
# Needs jco 1.35.0:     npm install --prefix DIR @bytecodealliance/jco@1.35.0
# and, on Debian 12, for the guests in
#   C:                  apt-get install clang-19 lld-19 wasi-libc libclang-rt-19-dev-wasm32
#   Rust:               apt-get install rustc-web cargo-web rust-web-src lld-19 wasi-libc
#   Rust, with a wit/:  rustup, with 1.95.0 and its target wasm32-unknown-unknown; crates.io
#   Rust, with sockets: rustup, with 1.95.0 and its target wasm32-wasip2; crates.io for those of WASI 0.3
#   Go:                 Go 1.26.8
#   C of WASI 0.3:      cargo install wit-bindgen-cli@0.63.0 wasm-tools@1.263.0, and clang as above
# and, for the compositions of src/wac, which are made of what is in built/:
#                       cargo install wac-cli@0.12.0
# Then run:             JCO=DIR ./build.sh
# The guests in src/p1, which stay core modules, need only the first.
# A language whose tools are missing is left out. The same versions give the same bytes. CLANG,
# CARGO, RUSTC, RUST_SRC (the folder of the standard library), RUSTUP (the folder of its cargo and
# rustc), GO, WAC and NODE name others if need be.
set -euo pipefail
shopt -s inherit_errexit nullglob
cd "$(dirname "$0")"
CLANG=${CLANG:-clang-19}
CARGO=${CARGO:-/usr/bin/cargo}
export RUSTC=${RUSTC:-/usr/bin/rustc}
rust_src=(/usr/src/rustc-*/library rust-web-src)
RUST_SRC=${RUST_SRC:-${rust_src[0]}}
RUSTUP=${RUSTUP:-$HOME/.cargo/bin}
GO=${GO:-go}
WAC=${WAC:-wac}
WIT_BINDGEN=${WIT_BINDGEN:-wit-bindgen}
WASM_TOOLS=${WASM_TOOLS:-wasm-tools}
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

# Packages in Rust for the target that has sockets: what is linked is a component.
wasip2=" sockets-rust sockets-p3 http-p3 http-middleware-p3 "

# The source of a guest: a file in C, the folder of a package in Rust or Go, or a composition.
source_of() {
  local source
  for source in src/*/"$1".c src/rust/"$1"/ src/go/"$1"/ src/bindgen/"$1"/ src/wac/"$1".wac; do
    if [ -e "$source" ]; then echo "$source"; return; fi
  done
  echo "build.sh: no guest is named $1" >&2
  exit 1
}

# Whether a package says itself what it imports and exports.
has_world() { [ -d "$1wit" ]; }

# What builds a source but is not there; nothing if all is.
missing_for() {
  local needed tool
  case $1 in
    src/wac/*) needed=("$WAC") ;;
    src/rust/*)
      needed=("$CARGO" "$RUSTC" wasm-ld-19 "$RUST_SRC")
      if has_world "$1" || [[ $wasip2 == *" $(basename "$1") "* ]]; then needed=("$RUSTUP/cargo" "$RUSTUP/rustc"); fi
      ;;
    src/go/*) needed=("$GO") ;;
    src/bindgen/*) needed=("$CLANG" "$WIT_BINDGEN" "$WASM_TOOLS") ;;
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

# A component in Rust that exports more than a command does: wit-bindgen reads its world, and puts it
# into the module. The packages of WASI are jco's.
compile_rust_world() {
  local copy=$core/$1.source
  cp -R "$2" "$copy"
  cp -R "$JCO/node_modules/@bytecodealliance/jco/lib/wit/builtin/0.2.12" "$copy/wit/deps"
  RUSTUP_TOOLCHAIN=1.95.0 RUSTC=$RUSTUP/rustc RUSTC_BOOTSTRAP=1 RUSTFLAGS=-Zlocation-detail=none \
    "$RUSTUP/cargo" build --quiet --release --locked --manifest-path "$copy/Cargo.toml" \
    --target-dir "$core/worlds" --target wasm32-unknown-unknown
  mv "$core/worlds/wasm32-unknown-unknown/release/${1//-/_}.wasm" "$core/$1.core.wasm"
}

compile_rust_wasip2() {
  RUSTUP_TOOLCHAIN=1.95.0 RUSTC=$RUSTUP/rustc RUSTC_BOOTSTRAP=1 RUSTFLAGS=-Zlocation-detail=none \
    "$RUSTUP/cargo" build --quiet --release --locked --manifest-path "$2Cargo.toml" \
    --target-dir "$core/wasip2" --target wasm32-wasip2
  local made=$core/wasip2/wasm32-wasip2/release/$1.wasm
  # A library is called otherwise.
  [ -e "$made" ] || made=${made%/*}/${1//-/_}.wasm
  cp "$made" "built/$1.wasm"
}

# wit-bindgen reads the world of a guest, and writes C and an object that says what it is.
compile_bindgen() {
  local made=$core/$1.bindings
  "$WIT_BINDGEN" c --out-dir "$made" "$2world.wit"
  "$CLANG" -O2 -std=c17 -Wall -Wextra "${freestanding[@]}" -Iinclude/freestanding "-I$made" -Wl,--strip-debug \
    -o "$core/$1.core.wasm" "$2main.c" "$made"/guest.c "$made"/guest_component_type.o
  "$WASM_TOOLS" component new "$core/$1.core.wasm" -o "built/$1.wasm"
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
    src/wac/*) echo "$name"; return ;;
    src/rust/*)
      if has_world "$source"; then
        compile_rust_world "$name" "$source" >&2
        echo "$name:"
        return
      fi
      if [[ $wasip2 == *" $name "* ]]; then
        compile_rust_wasip2 "$name" "$source" >&2
        echo "$name"
        return
      fi
      compile_rust "$name" "$source" >&2
      ;;
    src/bindgen/*)
      compile_bindgen "$name" "$source" >&2
      echo "$name"
      return
      ;;
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

# Composes what is in built/.
compose() {
  mkdir -p "$core/deps"
  ln -sfn "$PWD/built" "$core/deps/sluice"
  "$WAC" compose --deps-dir "$core/deps" -o "built/$1.wasm" "src/wac/$1.wac"
}

if [ $# -eq 0 ]; then
  set -- $(basename -a -s .c src/*/*.c src/rust/*/ src/go/*/ src/bindgen/*/) $(basename -a -s .wac src/wac/*.wac)
fi
mkdir -p built/p1
guests=()
linked=()
compositions=()
for name in "$@"; do
  guest=$(compile "$name")
  if [ -z "$guest" ]; then continue; fi
  if [ -e "src/wac/$name.wac" ]; then compositions+=("$name")
  elif [[ $wasip2 == *" $name "* || -e src/bindgen/$name ]]; then linked+=("$name")
  else guests+=("$guest"); fi
done
if [ ${#guests[@]} -gt 0 ]; then
  : "${JCO:?set JCO to the folder in which jco is installed, see the head of build.sh}"
  "$NODE" componentize.mjs "$JCO" "$core" built "${guests[@]}"
fi
for name in "${compositions[@]}"; do compose "$name"; done
echo "built $((${#guests[@]} + ${#linked[@]} + ${#compositions[@]})) components, of $# guests"

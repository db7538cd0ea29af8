/* Calls a function of an interface that no host has. */
#include "wasi.h"

WASM_IMPORT("vendor:missing/thing@1.2.3", "poke") uint32_t poke(uint32_t value);

WASI_RUN {
  return poke(1) == 1 ? RUN_OK : RUN_ERR;
}

// What wit-bindgen's C wants of a libc. Nothing here is allocated.
#pragma once
#include <stddef.h>

_Noreturn static inline void abort(void) { __builtin_trap(); }
static inline void *realloc(void *old, size_t size) {
  (void)old;
  (void)size;
  return NULL;
}
static inline void free(void *old) { (void)old; }

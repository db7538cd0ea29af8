/* For guests with libc: two exports that take the place of the C runtime's start file.
 *
 * cabi_realloc: the preview1 adapter keeps its state in memory that it gets from this export.
 * Without one it takes a page of its own, which the malloc of an older wasi-libc then takes over.
 *
 * _start: if it calls the constructors itself, the linker leaves the other exports alone. Else
 * it would wrap each into constructors and destructors, and cabi_realloc would flush stdio. */
#pragma once
#define _POSIX_C_SOURCE 200809L /* which -std=c17 hides */
#include <stdio.h>
#include <stdlib.h>

__attribute__((export_name("cabi_realloc"))) void *cabi_realloc(void *old, size_t old_size,
                                                                size_t align, size_t size) {
  (void)old, (void)old_size;
  void *memory = aligned_alloc(align, (size + align - 1) / align * align);
  if (memory == NULL) abort();
  return memory;
}

extern void __wasm_call_ctors(void);
extern int __main_void(void);

__attribute__((export_name("_start"))) void _start(void) {
  __wasm_call_ctors();
  int status = __main_void();
  fflush(NULL);
  if (status != 0) exit(status);
}

/* Traps three named functions deep; its name section is kept, for backtraces. */
#include "wasi.h"

__attribute__((noinline)) static int innermost_step(int value) {
  if (value > 0) __builtin_trap();
  return value;
}
__attribute__((noinline)) static int middle_step(int value) { return innermost_step(value) + 1; }
__attribute__((noinline)) static int outer_step(int value) { return middle_step(value) + 1; }

WASI_RUN {
  return outer_step(monotonic_now() > 0) > 0;
}

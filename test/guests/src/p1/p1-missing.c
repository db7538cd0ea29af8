/* Imports what nobody has. */
#include "p1.h"

__attribute__((import_module("env"), import_name("thing"))) void thing(void);
__attribute__((import_module("wasi_unstable"), import_name("fd_write"))) int old_write(int, int, int, int);
P1(no_such) int no_such(void);

EXPORT(_start) void start(void) {
  thing();
  old_write(0, 0, 0, 0);
  no_such();
}

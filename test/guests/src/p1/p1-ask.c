/* Asks, waits for the answer in two pieces of memory, and repeats it in two pieces of memory. */
#include "p1.h"

EXPORT(_start) void start(void) {
  static char first[3], second[64];
  CHECK(say("name? ") == 0);
  vector into[] = {{first, sizeof first}, {NULL, 0}, {second, sizeof second}};
  uint32_t got, put;
  CHECK(fd_read(0, into, 3, &got) == 0);
  vector from[] = {{"hello ", 6}, {first, got < 3 ? got : 3}, {second, got < 3 ? 0 : got - 3}};
  CHECK(fd_write(1, from, 3, &put) == 0);
  CHECK(put == 6 + got);
  CHECK(fd_read(0, into, 3, &got) == 0 && got == 0);
}

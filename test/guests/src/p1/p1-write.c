/* Writes until that fails, which has to be EPIPE; says after how many writes. */
#include "p1.h"

EXPORT(_start) void start(void) {
  static char buffer[100000];
  vector vectors = {buffer, sizeof buffer};
  uint32_t done;
  int error = 0;
  for (int i = 0; i < 1000 && error == 0; i++) {
    error = fd_write(1, &vectors, 1, &done);
    CHECK(error != 0 || done == sizeof buffer);
  }
  CHECK(error == EPIPE);
  CHECK(fd_write(1, &vectors, 1, &done) == EPIPE);
}

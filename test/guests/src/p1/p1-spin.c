/* Never waits: asks its input again and again until there is something, in the way that its argument says. */
#include "p1.h"

EXPORT(_start) void start(void) {
  char byte;
  vector into = {&byte, 1};
  uint32_t done, way = argument();
  uint64_t time;
  subscription in[] = {{.userdata = 1, .type = READ, .fd = 0}, {.userdata = 2, .type = CLOCK, .clock = 1}};
  event out[2];
  CHECK(fd_fdstat_set_flags(0, NONBLOCK) == 0);
  for (;;) {
    int error = fd_read(0, &into, 1, &done);
    if (error == 0) break;
    CHECK(error == EAGAIN);
    if (way == 1) CHECK(sched_yield() == 0);
    if (way == 2) CHECK(poll_oneoff(in, out, 2, &done) == 0 && done >= 1);
    if (way == 3) CHECK(clock_time_get(1, 0, &time) == 0);
  }
  CHECK(done == 1);
  vector from = {&byte, 1};
  CHECK(fd_write(1, &from, 1, &done) == 0);
}

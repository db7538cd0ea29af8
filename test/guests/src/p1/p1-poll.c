/* Waits for its input and, no longer than its argument says in nanoseconds, for a clock; says what came. */
#include "p1.h"

EXPORT(_start) void start(void) {
  subscription in[] = {
      {.userdata = 7, .type = CLOCK, .clock = 1, .timeout = argument()},
      {.userdata = 8, .type = READ, .fd = 0},
      {.userdata = 9, .type = CLOCK, .clock = 1, .timeout = UINT64_MAX},
  };
  event out[3];
  uint32_t count;
  uint64_t before, after;
  CHECK(clock_time_get(1, 0, &before) == 0);
  CHECK(poll_oneoff(in, out, 3, &count) == 0);
  CHECK(clock_time_get(1, 0, &after) == 0);
  for (uint32_t i = 0; i < count; i++) {
    CHECK(out[i].error == 0 && out[i].type == (out[i].userdata == 8 ? READ : CLOCK));
    say_number(out[i].userdata);
    say(" ");
  }
  say("after ");
  say_number(after - before);

  /* What cannot be waited for is an event at once. */
  in[0].timeout = UINT64_MAX;
  in[1].fd = 77;
  CHECK(poll_oneoff(in, out, 2, &count) == 0 && count == 1);
  CHECK(out[0].userdata == 8 && out[0].error == EBADF);
  in[0].clock = 3;
  CHECK(poll_oneoff(in, out, 1, &count) == 0 && count == 1 && out[0].error == EINVAL);
  CHECK(poll_oneoff(in, out, 0, &count) == EINVAL);
}

/* A library: has to be initialised, is called several times, and waits in a call. */
#include "p1.h"

static int count;

EXPORT(_initialize) void initialize(void) { count = 100; }

EXPORT(next) int next(void) { return ++count; }

EXPORT(wait) uint64_t wait(uint64_t ns) {
  subscription in = {.type = CLOCK, .clock = 1, .timeout = ns};
  event out;
  uint32_t done;
  CHECK(poll_oneoff(&in, &out, 1, &done) == 0);
  return ns + (uint64_t)next();
}

EXPORT(leave) void leave(uint32_t code) { proc_exit(code); }

EXPORT(fall) void fall(void) { __builtin_trap(); }

/* Claim: a thousand timers all fire, and none before its time.
 * Rules: 4.5, 4.12 */
#include "claim.h"

enum { TIMERS = 1000, UNIT_NS = 10000, FIRED = 0 };

static void claim(void) {
  static pollable timers[TIMERS];
  static uint64_t due[TIMERS];
  for (uint32_t i = 0; i < TIMERS; i++) {
    uint64_t ns = (i * 617 % TIMERS + 1) * UNIT_NS; /* 1 to 1000 units, shuffled */
    due[i] = monotonic_now() + ns;
    timers[i] = subscribe_duration(ns);
  }
  for (uint32_t left = TIMERS; left > 0;) {
    index_list ready = poll(timers, left);
    uint64_t now = monotonic_now();
    expect(ready.length > 0, "poll to give at least one position");
    for (uint32_t i = 0; i < ready.length; i++) {
      uint32_t at = ready.at[i];
      expect(at < left, "a position within the list");
      expect(now >= due[at], "a timer not to fire before its time");
      pollable_drop(timers[at]);
      due[at] = FIRED;
    }
    uint32_t kept = 0;
    for (uint32_t at = 0; at < left; at++) {
      if (due[at] == FIRED) continue;
      timers[kept] = timers[at];
      due[kept++] = due[at];
    }
    left = kept;
  }
}

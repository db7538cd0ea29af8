/* Claim: the monotonic clock never goes back, goes on during a wait, and has a resolution.
 * Rules: 4.12 */
#include "claim.h"

static void claim(void) {
  expect(monotonic_resolution() > 0, "a resolution > 0");
  uint64_t start = monotonic_now(), last = start;
  for (int i = 0; i < 10000; i++) {
    uint64_t now = monotonic_now();
    expect(now >= last, "a clock that never goes back");
    last = now;
  }
  sleep_ns(5000000);
  expect(monotonic_now() >= start + 5000000, "5 ms to have passed after a wait of 5 ms");
}

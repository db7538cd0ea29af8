/* Claim: neither a duration nor an instant fires before its time.
 * Rules: 4.12 */
#include "claim.h"

static void claim(void) {
  for (uint64_t ns = 1; ns < 20000000; ns *= 3) {
    uint64_t start = monotonic_now();
    sleep_ns(ns);
    expect(monotonic_now() - start >= ns, "a duration not to fire before its time");
    uint64_t instant = monotonic_now() + ns;
    wait_and_drop(subscribe_instant(instant));
    expect(monotonic_now() >= instant, "an instant not to fire before its time");
  }
}

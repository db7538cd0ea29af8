/* Claim: a timer for an instant that has passed is ready.
 * Rules: 4.12 */
#include "claim.h"

static void expect_ready_soon(pollable timer) {
  for (int tries = 1; !pollable_ready(timer); tries++)
    expect(tries < 20, "a past instant to be ready within 20 tries");
  pollable_block(timer);
}

static void claim(void) {
  expect_ready_soon(subscribe_instant(0));
  expect_ready_soon(subscribe_instant(monotonic_now()));
  pollable_block(subscribe_instant(1));
}

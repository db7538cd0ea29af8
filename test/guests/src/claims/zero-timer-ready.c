/* Claim: a zero timer is ready within 20 tries of ready(), and stays so.
 * Rules: 4.2, 4.12 */
#include "claim.h"

static void claim(void) {
  pollable timer = subscribe_duration(0);
  for (int tries = 1; !pollable_ready(timer); tries++)
    expect(tries < 20, "a zero timer to be ready within 20 tries");
  expect(pollable_ready(timer), "a zero timer to stay ready");
  pollable_block(timer);
}

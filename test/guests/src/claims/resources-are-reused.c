/* Claim: only live resources count against the limit.
 * Rules: 1.2 */
#include "claim.h"

static void claim(void) {
  for (int i = 0; i < 100000; i++) pollable_drop(subscribe_duration(1000000000));
}

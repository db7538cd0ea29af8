/* Claim: a guest that takes ever more resources traps at the limit.
 * Rules: 1.2 */
#include "claim.h"

static void claim(void) {
  for (int i = 0; i < 2000000; i++) subscribe_duration(1000000000);
  not_trapped();
}

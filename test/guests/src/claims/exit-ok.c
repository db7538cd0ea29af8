/* Claim: exit(ok) ends the guest at once with exit code 0.
 * Rules: 7.9 */
#include "claim.h"

static void claim(void) {
  exit_with(RUN_OK);
}

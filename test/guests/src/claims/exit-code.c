/* Claim: exit-with-code ends the guest at once with that code: the argument.
 * Rules: 7.9 */
#include "claim.h"

static void claim(void) {
  exit_with_code((int32_t)number_argument(1, 0));
}

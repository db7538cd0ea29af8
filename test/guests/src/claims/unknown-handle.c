/* Claim: a call on a handle that was never given out traps.
 * Rules: 1.2 */
#include "claim.h"

static void claim(void) {
  input_read(12345, 1);
  not_trapped();
}

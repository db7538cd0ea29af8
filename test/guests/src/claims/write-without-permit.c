/* Claim: a write that no check-write has permitted traps.
 * Rules: 3.3, D1 */
#include "claim.h"

static void claim(void) {
  output_write(get_stdout(), "x", 1);
  not_trapped();
}

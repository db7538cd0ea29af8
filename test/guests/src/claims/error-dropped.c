/* Claim: an error that has been dropped cannot be used, which traps.
 * Rules: 1.2, 5.2 */
#include "claim.h"

static void claim(void) {
  outcome failure = expect_status("the first error", FAILED, write_until_error(get_stdout()));
  error_drop(failure.error);
  error_to_debug_string(failure.error);
  not_trapped();
}

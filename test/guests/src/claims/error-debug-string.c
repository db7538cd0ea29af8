/* Claim: an error says something.
 * Rules: 5.1 */
#include "claim.h"

static void claim(void) {
  outcome failure = expect_status("the first error", FAILED, write_until_error(get_stdout()));
  expect(error_to_debug_string(failure.error).length > 0, "a debug string with text");
}

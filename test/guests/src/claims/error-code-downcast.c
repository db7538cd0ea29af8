/* Claim: any stream error can be asked for its filesystem error code. Prints the code (its
 * position in the enum) or "none" on stderr.
 * Rules: 5.3 */
#include "claim.h"

static void claim(void) {
  outcome failure = expect_status("the first error", FAILED, write_until_error(get_stdout()));
  optional_error_code code;
  filesystem_error_code(failure.error, &code);
  add("error code: ");
  if (code.is_some) add_number(code.code);
  else add("none");
  send_line();
}

/* Claim: an error can be used after its stream has been dropped.
 * Rules: 5.1, 5.2 */
#include "claim.h"

static void claim(void) {
  output_stream out = get_stdout();
  outcome failure = expect_status("the first error", FAILED, write_until_error(out));
  output_drop(out);
  byte_list text = error_to_debug_string(failure.error);
  expect(text.length > 0, "a debug string with text");
  error_drop(failure.error);
}

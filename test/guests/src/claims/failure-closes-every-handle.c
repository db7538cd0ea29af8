/* Claim: a failure of stdout is reported once in all, not once for every handle.
 * Rules: 3.16, 6.8, 7.1 */
#include "claim.h"

static void claim(void) {
  output_stream one = get_stdout(), two = get_stdout();
  expect_status("the first error", FAILED, write_until_error(one));
  input_stream in = get_stdin();
  expect_output_closed(two, in);
  expect_output_closed(get_stdout(), in);
  expect_output_closed(one, in);
}

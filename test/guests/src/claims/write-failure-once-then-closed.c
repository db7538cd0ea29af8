/* Claim: a failure is reported exactly once, then every call is closed, for ever.
 * Rules: 3.5, 3.14, 3.16, D3 */
#include "claim.h"

static void claim(void) {
  output_stream out = get_stdout();
  expect_status("the first error", FAILED, write_until_error(out));
  input_stream in = get_stdin();
  expect_output_closed(out, in);
  sleep_ns(1000000);
  expect_output_closed(out, in);
}

/* Claim: the bytes before a failure are delivered, then the failure once, then closed.
 * Rules: 2.6, D11 */
#include "claim.h"

static void claim(void) {
  input_stream in = get_stdin();
  expect_text(in, "abc");
  expect_status("the first call after the bytes", FAILED, input_blocking_read(in, 10));
  expect_input_closed(in);
  expect_input_closed(get_stdin());
}

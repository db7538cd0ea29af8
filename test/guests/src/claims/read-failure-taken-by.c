/* Claim: whichever call comes first after a failure reports it; all later ones are closed.
 * The argument names the first call.
 * Rules: 2.4, 2.6, D11 */
#include "claim.h"

static outcome call(input_stream in, byte_list name) {
  if (equals(name, "read")) return input_read(in, 10);
  if (equals(name, "skip")) return input_skip(in, 10);
  if (equals(name, "blocking-read")) return input_blocking_read(in, 10);
  if (equals(name, "blocking-skip")) return input_blocking_skip(in, 10);
  output_stream out = get_stdout();
  await_permit(out);
  if (equals(name, "splice")) return output_splice(out, in, 10);
  if (equals(name, "blocking-splice")) return output_blocking_splice(out, in, 10);
  fail("expected the name of a call as argument 1");
}

static void claim(void) {
  input_stream in = get_stdin();
  expect_text(in, "abc");
  wait_readable(in);
  expect_status("the first call after the failure", FAILED, call(in, argument(1)));
  expect_input_closed(in);
}

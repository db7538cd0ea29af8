/* Claim: whichever call comes first after a failure reports it; all later ones are closed.
 * The argument names the first call.
 * Rules: 3.1, 3.2, 3.5, 3.7-3.12, 3.16, D3 */
#include "claim.h"

static outcome call(output_stream out, input_stream in, byte_list name) {
  if (equals(name, "check-write")) return output_check_write(out);
  if (equals(name, "write")) return output_write(out, "x", 1);
  if (equals(name, "flush")) return output_flush(out);
  if (equals(name, "write-zeroes")) return output_write_zeroes(out, 1);
  if (equals(name, "splice")) return output_splice(out, in, 1);
  if (equals(name, "blocking-splice")) return output_blocking_splice(out, in, 1);
  if (equals(name, "blocking-flush")) return output_blocking_flush(out);
  if (equals(name, "blocking-write-and-flush")) return output_blocking_write_and_flush(out, "x", 1);
  if (equals(name, "blocking-write-zeroes-and-flush"))
    return output_blocking_write_zeroes_and_flush(out, 1);
  fail("expected the name of a call as argument 1");
}

static void claim(void) {
  output_stream out = get_stdout();
  input_stream in = get_stdin();
  expect_ok("check-write", await_permit(out));
  expect_ok("the write that will fail", output_write(out, "0123456789", 10));
  sleep_ns(50000000); /* time for the failure to come, since any call would take it */
  expect_status("the first call after the failure", FAILED, call(out, in, argument(1)));
  expect_output_closed(out, in);
}

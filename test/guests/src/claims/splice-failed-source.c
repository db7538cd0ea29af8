/* Claim: splice from a source that has failed reports that once, then closed; the destination
 * stays open.
 * Rules: 2.6, 3.11 */
#include "claim.h"

static void claim(void) {
  output_stream out = get_stdout();
  input_stream in = get_stdin();
  expect_text(in, "abc");
  expect_status("blocking-splice", FAILED, output_blocking_splice(out, in, 10));
  expect_closed("blocking-splice", output_blocking_splice(out, in, 10));
  write_text(out, "still open");
  finish(out);
}

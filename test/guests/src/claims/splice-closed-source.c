/* Claim: splice from a source at its end is closed, and the destination stays open.
 * Rules: 3.11 */
#include "claim.h"

static void claim(void) {
  output_stream out = get_stdout();
  input_stream in = get_stdin();
  expect_closed("blocking-read at the end", input_blocking_read(in, 1));
  expect_ok("check-write", await_permit(out));
  expect_closed("splice", output_splice(out, in, 10));
  write_text(out, "still open");
  finish(out);
}

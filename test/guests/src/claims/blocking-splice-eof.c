/* Claim: blocking-splice from a source at its end is closed, at once and again.
 * Rules: 3.12 */
#include "claim.h"

static void claim(void) {
  output_stream out = get_stdout();
  input_stream in = get_stdin();
  expect_closed("blocking-splice", output_blocking_splice(out, in, 10));
  expect_closed("blocking-splice", output_blocking_splice(out, in, 10));
  write_text(out, "still open");
  finish(out);
}

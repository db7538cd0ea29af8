/* Claim: splice and blocking-splice of 0 bytes move nothing and give 0, even at the source's end.
 * Rules: 3.11, 3.12 */
#include "claim.h"

static void claim(void) {
  output_stream out = get_stdout();
  input_stream in = get_stdin();
  expect_closed("blocking-read at the end", input_blocking_read(in, 1));
  expect_ok("check-write", await_permit(out));
  expect_count("splice(0)", 0, expect_ok("splice(0)", output_splice(out, in, 0)));
  expect_count("blocking-splice(0)", 0,
               expect_ok("blocking-splice(0)", output_blocking_splice(out, in, 0)));
}

/* Claim: read(0) on a closed stream is closed.
 * Rules: 2.2, D4 */
#include "claim.h"

static void claim(void) {
  input_stream in = get_stdin();
  expect_closed("blocking-read at the end", input_blocking_read(in, 1));
  expect_closed("read(0)", input_read(in, 0));
  expect_closed("blocking-read(0)", input_blocking_read(in, 0));
  expect_closed("skip(0)", input_skip(in, 0));
  expect_closed("blocking-skip(0)", input_blocking_skip(in, 0));
}

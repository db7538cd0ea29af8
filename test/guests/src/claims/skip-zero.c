/* Claim: skip(0) skips nothing, and skip with nothing there gives 0.
 * Rules: 2.4 */
#include "claim.h"

static void claim(void) {
  input_stream in = get_stdin();
  expect_count("skip before any bytes", 0, expect_ok("skip", input_skip(in, 10)));
  wait_readable(in);
  expect_count("skip(0)", 0, expect_ok("skip(0)", input_skip(in, 0)));
  expect_count("blocking-skip(0)", 0, expect_ok("blocking-skip(0)", input_blocking_skip(in, 0)));
  expect_text(in, "late");
}

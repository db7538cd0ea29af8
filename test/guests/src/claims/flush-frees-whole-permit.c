/* Claim: a completed flush leaves nothing behind: the permit is as large as at the beginning.
 * Rules: 3.5, 6.6c */
#include "claim.h"

static void claim(void) {
  output_stream out = get_stdout();
  uint64_t first = expect_ok("check-write", await_permit(out));
  fill(out);
  expect_ok("blocking-flush", output_blocking_flush(out));
  expect_count("permit after a flush", first, expect_ok("check-write", output_check_write(out)));
}

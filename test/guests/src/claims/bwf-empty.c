/* Claim: blocking-write-and-flush of 0 bytes is ok on an open stream, and flushes.
 * Rules: 3.8 */
#include "claim.h"

static void claim(void) {
  output_stream out = get_stdout();
  expect_ok("blocking-write-and-flush(0)", output_blocking_write_and_flush(out, "", 0));
  fill(out);
  expect_ok("blocking-write-and-flush(0)", output_blocking_write_and_flush(out, "", 0));
  uint64_t permit = expect_ok("check-write", output_check_write(out));
  expect(permit > 0, "check-write > 0 after blocking-write-and-flush");
}

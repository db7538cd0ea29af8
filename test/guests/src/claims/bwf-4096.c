/* Claim: blocking-write-and-flush takes 4096 bytes at once, and permits a write afterwards.
 * Rules: 3.8 */
#include "claim.h"

static void claim(void) {
  output_stream out = get_stdout();
  expect_ok("blocking-write-and-flush(4096)", output_blocking_write_and_flush(out, filler, 4096));
  uint64_t permit = expect_ok("check-write", output_check_write(out));
  expect(permit > 0, "check-write > 0 after blocking-write-and-flush");
}

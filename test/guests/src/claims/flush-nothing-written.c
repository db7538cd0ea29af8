/* Claim: flush with nothing written is ok, and permits a write soon after.
 * Rules: 3.5, 3.7 */
#include "claim.h"

static void claim(void) {
  output_stream out = get_stdout();
  expect_ok("flush", output_flush(out));
  expect_ok("check-write", await_permit(out));
  expect_ok("blocking-flush", output_blocking_flush(out));
  write_text(out, "text");
  finish(out);
}

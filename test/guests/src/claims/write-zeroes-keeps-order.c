/* Claim: zeroes are bytes like others: they come between what is written before and after.
 * Rules: 3.9, 3.10 */
#include "claim.h"

static void claim(void) {
  output_stream out = get_stdout();
  write_text(out, "ab");
  expect_ok("check-write", await_permit(out));
  expect_ok("write-zeroes", output_write_zeroes(out, 3));
  write_text(out, "c");
  expect_ok("blocking-write-zeroes-and-flush", output_blocking_write_zeroes_and_flush(out, 2));
  write_text(out, "d");
  finish(out);
}

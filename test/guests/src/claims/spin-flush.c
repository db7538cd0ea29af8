/* Claim: a flush completes for a guest that only spins on check-write.
 * Rules: 3.5, D7 */
#include "claim.h"

static void claim(void) {
  output_stream out = get_stdout();
  fill(out);
  expect_ok("flush", output_flush(out));
  for (int round = 0; round < MAX_SPIN_ROUNDS; round++)
    if (expect_ok("check-write", output_check_write(out)) > 0) return;
  fail("expected the flush to complete while spinning on check-write, it never did");
}

/* Claim: a guest that only spins on check-write still gets its permits.
 * Rules: D7 */
#include "claim.h"

static void claim(void) {
  output_stream out = get_stdout();
  uint32_t left = 10000;
  fill(out);
  for (int round = 0; round < MAX_SPIN_ROUNDS; round++) {
    uint64_t permit = expect_ok("check-write", output_check_write(out));
    if (permit == 0) continue;
    uint32_t length = permit < left ? (uint32_t)permit : left;
    expect_ok("write", output_write(out, filler, length));
    left -= length;
    if (left == 0) return;
  }
  fail_count("bytes not yet taken while spinning on check-write", 0, left);
}

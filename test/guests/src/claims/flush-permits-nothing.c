/* Claim: until a flush is done, check-write gives 0 and the pollable is not ready; then both
 * say yes.
 * Rules: 3.5, 3.14, D9 */
#include "claim.h"

static void claim(void) {
  output_stream out = get_stdout();
  pollable writable = output_subscribe(out);
  for (int round = 0; round < 3; round++) {
    fill(out);
    expect_ok("flush", output_flush(out));
    expect_count("check-write during a flush", 0,
                 expect_ok("check-write", output_check_write(out)));
    expect(!pollable_ready(writable), "the pollable not to be ready during a flush");
    pollable_block(writable);
    expect(pollable_ready(writable), "the pollable to be ready after the flush");
    uint64_t permit = expect_ok("check-write", output_check_write(out));
    expect(permit > 0, "check-write > 0 when the pollable is ready");
  }
  pollable_drop(writable);
}

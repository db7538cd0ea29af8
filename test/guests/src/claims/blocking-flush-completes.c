/* Claim: when blocking-flush returns, the flush is done and a write is permitted.
 * Rules: 3.5, 3.7, D9 */
#include "claim.h"

static void claim(void) {
  output_stream out = get_stdout();
  for (int round = 0; round < 3; round++) {
    fill(out);
    expect_ok("blocking-flush", output_blocking_flush(out));
    uint64_t permit = expect_ok("check-write", output_check_write(out));
    expect(permit > 0, "check-write > 0 after blocking-flush");
  }
}

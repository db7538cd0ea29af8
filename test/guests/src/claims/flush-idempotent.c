/* Claim: flush may be called again while one is under way, and after it.
 * Rules: 3.5 */
#include "claim.h"

static void claim(void) {
  output_stream out = get_stdout();
  for (int round = 0; round < 3; round++) {
    fill(out);
    for (int i = 0; i < 3; i++) expect_ok("flush", output_flush(out));
    uint64_t permit = expect_ok("check-write", await_permit(out));
    expect(permit > 0, "check-write > 0 after the flush");
    for (int i = 0; i < 3; i++) expect_ok("blocking-flush", output_blocking_flush(out));
  }
}

/* Claim: a stream's pollable is ready if and only if check-write does not give ok(0).
 * Rules: 3.5, 3.14 */
#include "claim.h"

static void claim(void) {
  output_stream out = get_stdout();
  pollable writable = output_subscribe(out);
  uint64_t written = 0;
  for (int step = 0; step < 5000; step++) {
    /* The answer of ready() counts only if nothing changed around it. */
    uint64_t before = expect_ok("check-write", output_check_write(out));
    bool ready = pollable_ready(writable);
    uint64_t permit = expect_ok("check-write", output_check_write(out));
    if ((before > 0) == (permit > 0)) expect_count("readiness", permit > 0, ready);
    if (step % 7 == 0) expect_ok("flush", output_flush(out));
    else if (permit == 0 && step % 3 == 0) pollable_block(writable);
    else if (permit > 0 && written < 100000) {
      uint32_t length = permit < 137 ? (uint32_t)permit : 137;
      expect_ok("write", output_write(out, filler, length));
      written += length;
    }
  }
  pollable_drop(writable);
}

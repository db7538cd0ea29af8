/* Claim: splice moves at most as many bytes as asked for, says how many, and loses none.
 * Rules: 3.11 */
#include "claim.h"

static void claim(void) {
  output_stream out = get_stdout();
  input_stream in = get_stdin();
  for (uint64_t total = 0; total < 100;) {
    wait_readable(in);
    expect_ok("check-write", await_permit(out));
    uint64_t moved = expect_ok("splice", output_splice(out, in, 100 - total));
    expect(moved <= 100 - total, "splice(n) to move at most n bytes");
    total += moved;
  }
  expect_text(in, "K");
  finish(out);
}

/* Claim: skip(n) skips at most n bytes and says how many.
 * Rules: 2.4 */
#include "claim.h"

static void claim(void) {
  input_stream in = get_stdin();
  for (uint64_t total = 0; total < 10;) {
    wait_readable(in);
    uint64_t skipped = expect_ok("skip", input_skip(in, 10 - total));
    expect(skipped <= 10 - total, "skip(n) to skip at most n bytes");
    total += skipped;
  }
  expect_text(in, "K");
}

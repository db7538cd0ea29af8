/* Claim: blocking-skip(n) waits, then skips 1 to n bytes.
 * Rules: 2.4 */
#include "claim.h"

static void claim(void) {
  input_stream in = get_stdin();
  for (uint64_t total = 0; total < 8;) {
    uint64_t skipped = expect_ok("blocking-skip", input_blocking_skip(in, 8 - total));
    expect(skipped > 0 && skipped <= 8 - total, "blocking-skip(n) to skip 1 to n bytes");
    total += skipped;
  }
  expect_text(in, "three");
  expect_closed("blocking-skip at the end", input_blocking_skip(in, 1));
}

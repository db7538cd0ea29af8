/* Claim: a loop of blocking-write-and-flush delivers everything to a slow reader, in order.
 * Rules: 3.8, 3.13, D8 */
#include "claim.h"

static void claim(void) {
  output_stream out = get_stdout();
  for (int i = 0; i < 26; i++) {
    char letter = (char)('a' + i);
    expect_ok("blocking-write-and-flush", output_blocking_write_and_flush(out, &letter, 1));
  }
}

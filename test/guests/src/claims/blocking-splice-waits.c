/* Claim: blocking-splice(n) waits for both ends, then moves 1 to n bytes.
 * Rules: 3.12, D6 */
#include "claim.h"

static void claim(void) {
  output_stream out = get_stdout();
  input_stream in = get_stdin();
  for (;;) {
    outcome spliced = output_blocking_splice(out, in, 4);
    if (spliced.status == CLOSED) break;
    expect_ok("blocking-splice", spliced);
    expect(spliced.count > 0 && spliced.count <= 4, "blocking-splice(4) to move 1 to 4 bytes");
  }
  finish(out);
}

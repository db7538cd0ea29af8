/* Claim: a write while a flush is under way traps.
 * Rules: 3.5, 3.6 */
#include "claim.h"

static void claim(void) {
  output_stream out = get_stdout();
  fill(out);
  expect_ok("flush", output_flush(out));
  output_write(out, "x", 1);
  not_trapped();
}

/* Claim: blocking-write-zeroes-and-flush takes 4096 zeroes at once.
 * Rules: 3.10 */
#include "claim.h"

static void claim(void) {
  output_stream out = get_stdout();
  expect_ok("blocking-write-zeroes-and-flush(4096)",
            output_blocking_write_zeroes_and_flush(out, 4096));
}

/* Claim: blocking-write-and-flush of 0 bytes on a closed stream is closed.
 * Rules: 3.8 */
#include "claim.h"

static void claim(void) {
  output_stream out = get_stdout();
  expect_closed("the end of the stream", write_until_error(out));
  expect_closed("blocking-write-and-flush(0)", output_blocking_write_and_flush(out, "", 0));
}

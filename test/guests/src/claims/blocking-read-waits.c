/* Claim: blocking-read(n) waits until it has 1 to n bytes.
 * Rules: 2.3 */
#include "claim.h"

static void claim(void) {
  input_stream in = get_stdin();
  expect_text(in, "one two three");
  expect_closed("blocking-read at the end", input_blocking_read(in, 1));
}

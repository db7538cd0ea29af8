/* Claim: a read brings at most what was asked for, byte by byte too.
 * Rules: 2.1, 2.3 */
#include "claim.h"

static void claim(void) {
  input_stream in = get_stdin();
  for (const char *expected = "0123456789"; *expected; expected++) {
    outcome one = input_blocking_read(in, 1);
    expect_count("bytes of blocking-read(1)", 1, expect_ok("blocking-read(1)", one));
    expect_count("the byte", (uint64_t)*expected, one.bytes[0]);
  }
  expect_closed("blocking-read at the end", input_blocking_read(in, 1));
}

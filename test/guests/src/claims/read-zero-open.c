/* Claim: read(0) on an open stream is ok and empty, and takes nothing.
 * Rules: 2.2 */
#include "claim.h"

static void claim(void) {
  input_stream in = get_stdin();
  expect_count("bytes of read(0)", 0, expect_ok("read(0)", input_read(in, 0)));
  wait_readable(in);
  expect_count("bytes of read(0)", 0, expect_ok("read(0)", input_read(in, 0)));
  expect_text(in, "abc");
}

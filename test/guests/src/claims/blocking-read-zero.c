/* Claim: blocking-read(0) waits once, then is empty on an open stream and takes nothing.
 * Rules: 2.3 */
#include "claim.h"

static void claim(void) {
  input_stream in = get_stdin();
  outcome none = input_blocking_read(in, 0);
  expect_count("bytes of blocking-read(0)", 0, expect_ok("blocking-read(0)", none));
  pollable readable = input_subscribe(in);
  expect(pollable_ready(readable), "the stream to be ready after blocking-read(0)");
  pollable_drop(readable);
  expect_text(in, "late");
}

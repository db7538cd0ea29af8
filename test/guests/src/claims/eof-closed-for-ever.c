/* Claim: after the last byte a stream is closed, for every call, handle and time.
 * Rules: 2.1, 2.5, 7.1, 7.2d */
#include "claim.h"

static void claim(void) {
  input_stream in = get_stdin();
  expect_text(in, "abc");
  expect_closed("blocking-read at the end", input_blocking_read(in, 1));
  expect_input_closed(in);
  sleep_ns(1000000);
  expect_input_closed(in);
  input_stream other = get_stdin();
  expect_closed("blocking-read of another handle", input_blocking_read(other, 1));
  expect_input_closed(other);
}

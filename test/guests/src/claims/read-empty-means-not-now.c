/* Claim: read gives an empty list while nothing is there, and the data after a wait.
 * Rules: 2.1, 2.5 */
#include "claim.h"

static void claim(void) {
  input_stream in = get_stdin();
  outcome some = input_read(in, 10);
  expect_count("bytes before any have come", 0, expect_ok("read", some));
  wait_readable(in);
  some = input_read(in, 10);
  expect_ok("read when ready", some);
  expect(some.count > 0, "bytes from read when the pollable is ready");
  expect(same_bytes(some.bytes, "late", some.count), "the bytes of stdin");
}

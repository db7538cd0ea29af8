/* Claim: read(u64::MAX) gives a short list of what is there.
 * Rules: 1.5, 2.1 */
#include "claim.h"

static void claim(void) {
  input_stream in = get_stdin();
  wait_readable(in);
  outcome some = input_read(in, UINT64_MAX);
  expect_ok("read(u64::MAX)", some);
  expect(some.count > 0 && some.count <= 10, "1 to 10 bytes of the 10 that stdin has");
  expect(same_bytes(some.bytes, "0123456789", some.count), "the bytes that stdin has");
}

/* Claim: a guest that only spins on read still gets its data, and the end.
 * Rules: D7 */
#include "claim.h"

static void claim(void) {
  static const char expected[] = "one two three";
  input_stream in = get_stdin();
  uint64_t total = 0;
  for (int round = 0; round < MAX_SPIN_ROUNDS; round++) {
    outcome some = input_read(in, 100);
    if (some.status == CLOSED) {
      expect_count("bytes before the end", sizeof expected - 1, total);
      return;
    }
    expect_ok("read", some);
    expect(some.count <= sizeof expected - 1 - total, "no more bytes than stdin has");
    expect(same_bytes(some.bytes, expected + total, some.count), "the bytes of stdin");
    total += some.count;
  }
  fail_count("bytes that came while spinning on read", sizeof expected - 1, total);
}

/* Claim: one pollable serves for any number of waits.
 * Rules: 4.1, 4.3 */
#include "claim.h"

static void claim(void) {
  input_stream in = get_stdin();
  pollable readable = input_subscribe(in);
  for (const char *expected = "one two three"; *expected; expected++) {
    pollable_block(readable);
    outcome one = input_read(in, 1);
    expect_count("bytes when ready", 1, expect_ok("read", one));
    expect_count("the byte", (uint64_t)*expected, one.bytes[0]);
  }
  pollable_block(readable);
  expect_closed("read at the end", input_read(in, 1));
  for (int i = 0; i < 1000; i++) pollable_block(readable);
}

/* Claim: a prompt that was flushed is out while the guest waits for stdin.
 * Rules: 7.5 */
#include "claim.h"

static void claim(void) {
  output_stream out = get_stdout();
  input_stream in = get_stdin();
  write_text(out, "> ");
  expect_ok("flush", output_flush(out));
  outcome answer = input_blocking_read(in, 100);
  uint32_t length = (uint32_t)expect_ok("blocking-read", answer);
  write_all(out, answer.bytes, length);
  finish(out);
}

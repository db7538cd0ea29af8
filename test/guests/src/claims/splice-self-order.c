/* Claim: spliced bytes come between what is written before and after.
 * Rules: 3.11, 3.12 */
#include "claim.h"

static void claim(void) {
  output_stream out = get_stdout();
  input_stream in = get_stdin();
  write_text(out, "<");
  for (uint64_t total = 0; total < 5;)
    total += expect_ok("blocking-splice", output_blocking_splice(out, in, 5 - total));
  write_text(out, "|");
  wait_readable(in);
  expect_ok("check-write", await_permit(out));
  expect(expect_ok("splice", output_splice(out, in, 1)) == 1, "splice to move 1 byte");
  write_text(out, ">");
  finish(out);
}

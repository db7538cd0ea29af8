/* Claim: what a completed flush covered is delivered although the guest traps.
 * Rules: 3.5, D9, head */
#include "claim.h"

static void claim(void) {
  output_stream out = get_stdout();
  write_text(out, "flushed");
  expect_ok("blocking-flush", output_blocking_flush(out));
  __builtin_trap();
}

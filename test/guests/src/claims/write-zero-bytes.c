/* Claim: a write of 0 bytes on a permit is ok and writes nothing.
 * Rules: 3.2 */
#include "claim.h"

static void claim(void) {
  output_stream out = get_stdout();
  expect_ok("check-write", await_permit(out));
  expect_ok("write of 0 bytes", output_write(out, "", 0));
  write_text(out, "text");
  finish(out);
}

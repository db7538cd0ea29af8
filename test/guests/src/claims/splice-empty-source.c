/* Claim: splice gives 0 while the source has nothing, without waiting.
 * Rules: 3.11 */
#include "claim.h"

static void claim(void) {
  output_stream out = get_stdout();
  input_stream in = get_stdin();
  expect_ok("check-write", await_permit(out));
  expect_count("bytes of splice", 0, expect_ok("splice", output_splice(out, in, 10)));
  expect_text(in, "late");
}

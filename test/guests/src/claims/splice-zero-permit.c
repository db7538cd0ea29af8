/* Claim: splice gives 0 while the destination permits nothing, and takes nothing from the source.
 * Rules: 3.11 */
#include "claim.h"

static void claim(void) {
  output_stream out = get_stdout();
  input_stream in = get_stdin();
  wait_readable(in);
  fill(out);
  expect_count("bytes of splice", 0, expect_ok("splice", output_splice(out, in, 10)));
  expect_text(in, "abc");
  expect_count("bytes of splice at the end", 0, expect_ok("splice", output_splice(out, in, 10)));
  exit_with(RUN_OK);
}

/* Claim: write-zeroes(u64::MAX) traps, it does not allocate.
 * Rules: 3.9 */
#include "claim.h"

static void claim(void) {
  output_stream out = get_stdout();
  expect_ok("check-write", await_permit(out));
  output_write_zeroes(out, UINT64_MAX);
  not_trapped();
}

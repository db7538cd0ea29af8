/* Claim: write-zeroes of one more than permitted traps.
 * Rules: 3.9 */
#include "claim.h"

static void claim(void) {
  output_stream out = get_stdout();
  uint64_t permit = expect_ok("check-write", await_permit(out));
  expect(permit < UINT64_MAX, "a permit that a guest can exceed");
  output_write_zeroes(out, permit + 1);
  not_trapped();
}

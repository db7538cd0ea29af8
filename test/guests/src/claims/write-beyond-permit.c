/* Claim: a write of one byte more than permitted traps.
 * Rules: 3.2, D2 */
#include "claim.h"

static void claim(void) {
  output_stream out = get_stdout();
  uint64_t permit = expect_ok("check-write", await_permit(out));
  expect(permit < MAX_BUFFERED_BYTES, "a permit that a guest can exceed");
  uint32_t length = (uint32_t)permit + 1;
  output_write(out, cabi_realloc(NULL, 0, 1, length), length);
  not_trapped();
}

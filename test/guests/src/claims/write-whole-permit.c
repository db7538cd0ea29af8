/* Claim: a write of exactly the permitted number of bytes is taken.
 * Rules: 3.1, 3.2 */
#include "claim.h"

static void claim(void) {
  output_stream out = get_stdout();
  for (int round = 0; round < 3; round++) {
    uint64_t permit = expect_ok("check-write", await_permit(out));
    expect(permit < MAX_BUFFERED_BYTES, "a permit that a guest can use up");
    arena_reset();
    const void *bytes = cabi_realloc(NULL, 0, 1, permit);
    expect_ok("write of the whole permit", output_write(out, bytes, (uint32_t)permit));
  }
}

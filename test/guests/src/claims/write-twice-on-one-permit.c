/* Claim: a permit is for one write, a second one traps. With the argument "budget", for a host
 * that lets a permit be used in parts: the parts are taken as long as the permit covers
 * their sum; with "over-budget": one byte beyond the sum traps.
 * Rules: 3.3, 3.4, D1 */
#include "claim.h"

static void claim(void) {
  byte_list mode = argument(1);
  bool within_budget = equals(mode, "budget"), over_budget = equals(mode, "over-budget");
  output_stream out = get_stdout();
  uint64_t permit = expect_ok("check-write", await_permit(out));
  expect(permit >= 2 && permit < MAX_BUFFERED_BYTES, "a permit that a guest can use in parts");
  uint32_t rest = over_budget ? (uint32_t)permit : 1;
  arena_reset();
  uint8_t *bytes = cabi_realloc(NULL, 0, 1, rest);
  __builtin_memset(bytes, 'x', rest);
  expect_ok("the first write", output_write(out, "x", 1));
  outcome second = output_write(out, bytes, rest);
  if (!within_budget) not_trapped();
  expect_ok("the second write", second);
  finish(out);
}

/* Claim: blocking-read(u64::MAX), skip(u64::MAX) and blocking-skip(u64::MAX) move what is there.
 * Rules: 1.5, 2.3, 2.4 */
#include "claim.h"

static void claim(void) {
  input_stream in = get_stdin();
  uint64_t total = 0;
  for (int call = 0;; call++) {
    wait_readable(in);
    outcome some = call % 3 == 0   ? input_blocking_read(in, UINT64_MAX)
                   : call % 3 == 1 ? input_skip(in, UINT64_MAX)
                                   : input_blocking_skip(in, UINT64_MAX);
    if (some.status == CLOSED) break;
    total += expect_ok("a call with u64::MAX", some);
  }
  expect_count("bytes moved in all", 10, total);
}

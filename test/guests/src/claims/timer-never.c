/* Claim: a timer that is too long to be represented never fires, and disturbs no other.
 * Rules: 4.12 */
#include "claim.h"

static void claim(void) {
  pollable list[] = {subscribe_duration(UINT64_MAX), subscribe_instant(UINT64_MAX),
                     subscribe_duration(2000000)};
  for (int i = 0; i < 100; i++) {
    expect(!pollable_ready(list[0]), "duration u64::MAX not to be ready");
    expect(!pollable_ready(list[1]), "instant u64::MAX not to be ready");
  }
  index_list ready = poll(list, 3);
  expect_count("entries ready", 1, ready.length);
  expect_count("the entry that is ready", 2, ready.at[0]);
}

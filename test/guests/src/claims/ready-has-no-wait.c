/* Claim: ready() answers without waiting.
 * Rules: 4.2 */
#include "claim.h"

static void claim(void) {
  uint64_t start = monotonic_now();
  pollable timer = subscribe_duration(10000000000);
  pollable readable = input_subscribe(get_stdin());
  for (int i = 0; i < 1000; i++) {
    expect(!pollable_ready(timer), "a timer of 10 s not to be ready");
    expect(!pollable_ready(readable), "a stalled stdin not to be ready");
  }
  expect(monotonic_now() - start < 5000000000, "2000 calls of ready() within 5 s");
}

/* Claim: poll gives the positions of all ready entries, in ascending order, and no other.
 * Rules: 4.5, D10 */
#include "claim.h"

static void claim(void) {
  /* Made in another order than listed. */
  pollable past = subscribe_instant(0);
  pollable readable = input_subscribe(get_stdin());
  pollable never = subscribe_duration(UINT64_MAX);
  pollable writable = output_subscribe(get_stdout());
  pollable zero = subscribe_duration(0);
  pollable list[] = {writable, never, zero, readable, past, never, zero};
  static const uint32_t expected[] = {0, 2, 3, 4, 6};
  pollable_block(zero);
  pollable_block(readable);
  pollable_block(past);
  pollable_block(writable);
  for (int round = 0; round < 10; round++) {
    index_list ready = poll(list, 7);
    expect_count("entries ready", 5, ready.length);
    for (int i = 0; i < 5; i++) expect_count("a position", expected[i], ready.at[i]);
  }
}

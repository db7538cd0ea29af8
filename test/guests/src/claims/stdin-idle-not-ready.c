/* Claim: the pollable of an idle stdin is not ready.
 * Rules: 2.5, 4.1, 7.2c */
#include "claim.h"

static void claim(void) {
  pollable readable = input_subscribe(get_stdin());
  for (int round = 0; round < 20; round++) {
    pollable list[] = {readable, subscribe_duration(1000000)};
    index_list ready = poll(list, 2);
    expect_count("entries ready", 1, ready.length);
    expect_count("the entry that is ready", 1, ready.at[0]);
    expect(!pollable_ready(readable), "an idle stdin not to be ready");
    pollable_drop(list[1]);
  }
}

/* Claim: a guest that polls a zero timer and stdin in a busy loop sees what comes on stdin.
 * Rules: 4.9 */
#include "claim.h"

static void claim(void) {
  pollable list[] = {subscribe_duration(0), input_subscribe(get_stdin())};
  for (int round = 0; round < 1000000; round++) {
    index_list ready = poll(list, 2);
    if (ready.at[ready.length - 1] == 1) return;
  }
  fail("expected stdin to become ready within 1,000,000 polls beside a zero timer");
}

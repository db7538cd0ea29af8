/* Claim: a stream can be dropped as soon as its last pollable has been.
 * Rules: 1.3, 4.10 */
#include "claim.h"

static void claim(void) {
  for (int round = 0; round < 1000; round++) {
    output_stream out = get_stdout();
    pollable one = output_subscribe(out), two = output_subscribe(out);
    pollable_drop(one);
    pollable_drop(two);
    output_drop(out);
  }
}

/* Claim: pollables can be dropped in any order, also while others of the same stream live.
 * Rules: 4.10 */
#include "claim.h"

static void claim(void) {
  enum { COUNT = 101 };
  pollable list[COUNT];
  input_stream in = get_stdin();
  output_stream out = get_stdout();
  for (int i = 0; i < COUNT; i++) {
    list[i] = i % 3 == 0   ? input_subscribe(in)
              : i % 3 == 1 ? output_subscribe(out)
                           : subscribe_duration(1000000000);
  }
  for (int i = 0; i < COUNT; i++) {
    int at = i * 37 % COUNT;
    if (i % 2 == 0) pollable_ready(list[at]);
    pollable_drop(list[at]);
  }
  input_drop(in);
  output_drop(out);
}

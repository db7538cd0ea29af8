/* Claim: dropping an input-stream that has a live pollable traps.
 * Rules: 1.3, 1.4, 2.7 */
#include "claim.h"

static void claim(void) {
  input_stream in = get_stdin();
  pollable first = input_subscribe(in);
  input_subscribe(in);
  pollable_drop(first);
  input_drop(in);
  not_trapped();
}

/* Claim: dropping a stream that has a live pollable traps.
 * Rules: 1.3, 1.4, 3.15 */
#include "claim.h"

static void claim(void) {
  output_stream out = get_stdout();
  output_subscribe(out);
  output_drop(out);
  not_trapped();
}

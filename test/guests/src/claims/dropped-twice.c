/* Claim: dropping a handle twice traps.
 * Rules: 1.2 */
#include "claim.h"

static void claim(void) {
  output_stream out = get_stdout();
  output_drop(out);
  output_drop(out);
  not_trapped();
}

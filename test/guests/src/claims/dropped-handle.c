/* Claim: a call on a handle that has been dropped traps.
 * Rules: 1.2 */
#include "claim.h"

static void claim(void) {
  output_stream out = get_stdout();
  output_drop(out);
  output_check_write(out);
  not_trapped();
}

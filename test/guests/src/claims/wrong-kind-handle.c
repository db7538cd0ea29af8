/* Claim: a call with the handle of another kind of resource traps.
 * Rules: 1.2 */
#include "claim.h"

static void claim(void) {
  /* No output-stream exists yet, so none of these numbers can be one's handle, whether
   * handles are numbered per kind or all together. */
  input_stream last = 0;
  for (int i = 0; i < 10; i++) last = get_stdin();
  output_check_write(last);
  not_trapped();
}

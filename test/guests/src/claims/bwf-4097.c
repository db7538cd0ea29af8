/* Claim: blocking-write-and-flush of more than 4096 bytes traps.
 * Rules: 3.8 */
#include "claim.h"

static void claim(void) {
  output_blocking_write_and_flush(get_stdout(), filler, 4097);
  not_trapped();
}

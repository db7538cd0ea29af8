/* Claim: blocking-write-zeroes-and-flush of more than 4096 zeroes traps.
 * Rules: 3.10 */
#include "claim.h"

static void claim(void) {
  output_blocking_write_zeroes_and_flush(get_stdout(), 4097);
  not_trapped();
}

/* Claim: a permit loop delivers any number of bytes to a slow reader.
 * Rules: 3.1, 3.2, 3.14 */
#include "claim.h"

static void claim(void) {
  output_stream out = get_stdout();
  for (int i = 0; i < 5; i++) write_all(out, filler, sizeof filler);
  finish(out);
}

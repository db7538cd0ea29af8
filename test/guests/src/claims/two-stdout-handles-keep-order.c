/* Claim: what two handles of stdout write comes in the order of their writes.
 * Rules: 7.1, 6.8 */
#include "claim.h"

static void claim(void) {
  output_stream one = get_stdout(), two = get_stdout();
  for (int i = 0; i < 10; i++) {
    write_text(one, "a");
    write_text(two, "b");
  }
  finish(two);
}

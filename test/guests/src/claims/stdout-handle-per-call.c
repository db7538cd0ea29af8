/* Claim: every call of get-stdout gives a handle of its own; dropping one leaves the others.
 * Rules: 7.1 */
#include "claim.h"

static void claim(void) {
  output_stream one = get_stdout(), two = get_stdout();
  expect(one != two, "two different handles");
  write_text(one, "one ");
  output_drop(one);
  write_text(two, "two");
  finish(two);
}

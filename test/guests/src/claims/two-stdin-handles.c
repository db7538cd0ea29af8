/* Claim: all handles of stdin read one stream; what one leaves over, any other can read.
 * Rules: 7.1, 7.2a, 7.2f */
#include "claim.h"

static void claim(void) {
  input_stream one = get_stdin(), two = get_stdin();
  expect(one != two, "two different handles");
  expect_text(one, "012");
  expect_text(two, "345");
  expect_text(one, "6");
  input_drop(one);
  expect_text(two, "78");
  input_drop(two);
  expect_text(get_stdin(), "9");
}

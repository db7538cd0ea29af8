/* Claim: two pollables of one stream, and of two handles of it, become ready together.
 * Rules: 4.6, 6.8 */
#include "claim.h"

static void claim(void) {
  input_stream in = get_stdin();
  pollable list[] = {input_subscribe(in), input_subscribe(in), input_subscribe(get_stdin())};
  index_list ready = poll(list, 3);
  expect_count("entries ready", 3, ready.length);
  for (uint32_t i = 0; i < 3; i++) expect_count("a position", i, ready.at[i]);
  expect_text(in, "late");
}

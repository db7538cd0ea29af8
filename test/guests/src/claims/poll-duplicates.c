/* Claim: a pollable may be listed several times; each of its positions is reported.
 * Rules: 4.6, 4.11 */
#include "claim.h"

static void claim(void) {
  input_stream in = get_stdin();
  pollable readable = input_subscribe(in);
  pollable list[] = {readable, subscribe_duration(UINT64_MAX), readable, readable};
  static const uint32_t expected[] = {0, 2, 3};
  index_list ready = poll(list, 4);
  expect_count("entries ready", 3, ready.length);
  for (int i = 0; i < 3; i++) expect_count("a position", expected[i], ready.at[i]);
  expect_text(in, "late");
}

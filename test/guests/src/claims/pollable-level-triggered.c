/* Claim: a pollable shows the state of now: ready for as long as there is something to read,
 * not ready again after the last byte that is there.
 * Rules: 4.1 */
#include "claim.h"

static void claim(void) {
  input_stream in = get_stdin();
  pollable readable = input_subscribe(in);
  expect(!pollable_ready(readable), "not to be ready before any byte has come");
  uint64_t total = 0;
  while (total < 6) {
    pollable_block(readable);
    for (int i = 0; i < 3; i++) expect(pollable_ready(readable), "to stay ready until a read");
    total += expect_ok("read", input_read(in, 1));
  }
  outcome rest = input_read(in, 100);
  bool ready = pollable_ready(readable);
  outcome more = input_read(in, 100);
  /* If nothing came around it, ready() must have been false. */
  if (rest.status == OK && more.status == OK && rest.count + more.count == 0)
    expect(!ready, "not to be ready with nothing left to read");
  expect_closed("the end", drain(in));
  expect(pollable_ready(readable), "to be ready at the end");
}

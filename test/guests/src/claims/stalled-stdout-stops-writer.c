/* Claim: in front of a reader that never takes a byte, a host takes a bounded number of bytes,
 * then permits nothing, and says so for as long as nothing changes.
 * Rules: 3.1, 3.14, 6.6f */
#include "claim.h"

static void claim(void) {
  output_stream out = get_stdout();
  fill(out);
  pollable list[] = {output_subscribe(out), subscribe_duration(1000000)};
  index_list ready = poll(list, 2);
  expect_count("entries ready", 1, ready.length);
  expect_count("the entry that is ready", 1, ready.at[0]);
  expect_count("check-write", 0, expect_ok("check-write", output_check_write(out)));
  exit_with(RUN_OK);
}

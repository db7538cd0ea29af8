/* Claim: when the reader of stdout goes away, a writer gets closed, never
 * last-operation-failed, and can still write to stderr and exit well.
 * Rules: 3.8, 7.4, D3 */
#include "claim.h"

static void claim(void) {
  output_stream out = get_stdout();
  for (int i = 0; i < 10000; i++) {
    outcome written = output_blocking_write_and_flush(out, filler, 4096);
    if (written.status == OK) continue;
    expect_closed("blocking-write-and-flush", written);
    expect_output_closed(out, get_stdin());
    add("stdout is closed");
    send_line();
    return;
  }
  fail("expected stdout to close, it took everything");
}

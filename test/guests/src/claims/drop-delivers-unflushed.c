/* Claim: what was written and not flushed is delivered although the stream is dropped.
 * Rules: 3.15, 13.6, head */
#include "claim.h"

static void claim(void) {
  output_stream out = get_stdout();
  write_text(out, "not flushed");
  output_drop(out);
}

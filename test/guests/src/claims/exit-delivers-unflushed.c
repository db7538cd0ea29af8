/* Claim: what was written and not flushed is delivered although the guest exits.
 * Rules: 7.9, head */
#include "claim.h"

static void claim(void) {
  write_text(get_stdout(), "not flushed");
  exit_with(RUN_OK);
}

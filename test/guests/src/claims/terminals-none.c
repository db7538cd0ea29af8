/* Claim: streams that are not terminals do not claim to be.
 * Rules: 7.7 */
#include "claim.h"

static void claim(void) {
  optional_terminal terminal;
  get_terminal_stdin(&terminal);
  expect(!terminal.is_some, "stdin not to be a terminal");
  get_terminal_stdout(&terminal);
  expect(!terminal.is_some, "stdout not to be a terminal");
  get_terminal_stderr(&terminal);
  expect(!terminal.is_some, "stderr not to be a terminal");
}

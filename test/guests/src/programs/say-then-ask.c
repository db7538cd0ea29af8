/* Writes `count` bytes to stdout without a flush, then a line to stderr, then waits for stdin:
 * what it said has to arrive before anybody answers. */
#include "pattern.h"

WASI_RUN {
  uint64_t left = number_argument(1, 200000);
  output_stream out = get_stdout();
  while (left > 0) {
    uint32_t piece = left < 4096 ? (uint32_t)left : 4096;
    outcome written = write_fully(out, pattern_at(0, piece), piece);
    if (written.status != OK) return report_failure("stdout", written);
    left -= piece;
  }
  add("said");
  send_line();
  outcome answer = input_blocking_read(get_stdin(), 64);
  if (answer.status != OK) return report_failure("stdin", answer);
  add("answered ");
  add_number(answer.count);
  send_line();
  return RUN_OK;
}

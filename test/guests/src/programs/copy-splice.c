/* Copies stdin to stdout by blocking-splice, until either is closed. */
#include "wasi.h"

WASI_RUN {
  input_stream in = get_stdin();
  output_stream out = get_stdout();
  outcome spliced;
  do spliced = output_blocking_splice(out, in, 65536);
  while (spliced.status == OK);
  if (spliced.status != CLOSED) return report_failure("splice", spliced);
  outcome flushed = output_blocking_flush(out);
  return flushed.status == OK ? RUN_OK : report_failure("stdout", flushed);
}

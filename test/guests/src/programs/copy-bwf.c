/* Copies stdin to stdout by blocking-write-and-flush of up to 4 KiB. */
#include "wasi.h"

WASI_RUN {
  input_stream in = get_stdin();
  output_stream out = get_stdout();
  for (;;) {
    outcome some = input_blocking_read(in, 4096);
    if (some.status == CLOSED) return RUN_OK;
    if (some.status != OK) return report_failure("stdin", some);
    outcome written = output_blocking_write_and_flush(out, some.bytes, (uint32_t)some.count);
    if (written.status != OK) return report_failure("stdout", written);
  }
}

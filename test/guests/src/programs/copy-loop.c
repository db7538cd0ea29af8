/* Copies stdin to stdout without a blocking call but its waits on pollables. */
#include "wasi.h"

WASI_RUN {
  input_stream in = get_stdin();
  output_stream out = get_stdout();
  pollable readable = input_subscribe(in), writable = output_subscribe(out);
  for (;;) {
    outcome some = input_read(in, 65536);
    if (some.status == CLOSED) break;
    if (some.status != OK) return report_failure("stdin", some);
    if (some.count == 0) pollable_block(readable);
    while (some.count > 0) {
      outcome check = output_check_write(out);
      if (check.status != OK) return report_failure("stdout", check);
      if (check.count == 0) {
        pollable_block(writable);
        continue;
      }
      uint64_t count = check.count < some.count ? check.count : some.count;
      outcome written = output_write(out, some.bytes, (uint32_t)count);
      if (written.status != OK) return report_failure("stdout", written);
      some.bytes += count;
      some.count -= count;
    }
  }
  outcome flushed = output_blocking_flush(out);
  return flushed.status == OK ? RUN_OK : report_failure("stdout", flushed);
}

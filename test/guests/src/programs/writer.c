/* Writes the reference stream to stdout in a permit loop, then flushes. On stderr: how many
 * writes that took, and how many permits of 0, each followed by a poll. */
#include "pattern.h"

WASI_RUN {
  uint64_t total = number_argument(1, 1 << 20), chunk = number_argument(2, 65536);
  if (chunk == 0 || chunk > MAX_PATTERN_BYTES) chunk = MAX_PATTERN_BYTES;
  output_stream out = get_stdout();
  pollable writable = output_subscribe(out);
  uint64_t writes = 0, zero_permits = 0;
  for (uint64_t offset = 0; offset < total; offset += chunk) {
    uint64_t rest = total - offset < chunk ? total - offset : chunk;
    for (const uint8_t *bytes = pattern_at(offset, (uint32_t)rest); rest > 0;) {
      outcome check = output_check_write(out);
      if (check.status != OK) return report_failure("stdout", check);
      if (check.count == 0) {
        zero_permits++;
        poll(&writable, 1);
        continue;
      }
      uint64_t count = check.count < rest ? check.count : rest;
      outcome written = output_write(out, bytes, (uint32_t)count);
      if (written.status != OK) return report_failure("stdout", written);
      writes++;
      bytes += count;
      rest -= count;
    }
  }
  outcome flushed = output_blocking_flush(out);
  if (flushed.status != OK) return report_failure("stdout", flushed);
  add("writes ");
  add_number(writes);
  add(" zero-permits ");
  add_number(zero_permits);
  send_line();
  return RUN_OK;
}

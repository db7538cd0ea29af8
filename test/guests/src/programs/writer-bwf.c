/* Writes the reference stream to stdout by blocking-write-and-flush of up to 4 KiB. */
#include "pattern.h"

WASI_RUN {
  uint64_t total = number_argument(1, 1 << 20), chunk = number_argument(2, 4096);
  if (chunk == 0 || chunk > 4096) chunk = 4096;
  output_stream out = get_stdout();
  for (uint64_t offset = 0; offset < total; offset += chunk) {
    uint32_t count = (uint32_t)(total - offset < chunk ? total - offset : chunk);
    const uint8_t *bytes = pattern_at(offset, count);
    outcome written = output_blocking_write_and_flush(out, bytes, count);
    if (written.status != OK) return report_failure("stdout", written);
  }
  return RUN_OK;
}

/* Writes the reference stream to stdout in a permit loop, and returns without a flush. */
#include "pattern.h"

WASI_RUN {
  uint64_t total = number_argument(1, 1 << 20), chunk = 4096;
  output_stream out = get_stdout();
  for (uint64_t offset = 0; offset < total; offset += chunk) {
    uint32_t count = (uint32_t)(total - offset < chunk ? total - offset : chunk);
    outcome written = write_fully(out, pattern_at(offset, count), count);
    if (written.status != OK) return report_failure("stdout", written);
  }
  return RUN_OK;
}

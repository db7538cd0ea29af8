/* Writes bytes of one value to stdout: bench-write permit|flush TOTAL SIZE. `permit` is a loop of
 * check-write and write in pieces of SIZE, then a flush; `flush` is blocking-write-and-flush of at
 * most 4 KiB. Making the bytes costs nothing, unlike in writer. On stderr: `ns` and how many it took. */
#include "wasi.h"

enum { MAX_SIZE = 1 << 20 };

static uint8_t bytes[MAX_SIZE];

static outcome write_by_permits(output_stream out, uint64_t total, uint32_t size) {
  for (uint64_t left = total; left > 0;) {
    uint32_t length = left < size ? (uint32_t)left : size;
    outcome written = write_fully(out, bytes, length);
    if (written.status != OK) return written;
    left -= length;
  }
  return output_blocking_flush(out);
}

static outcome write_and_flush(output_stream out, uint64_t total, uint32_t size) {
  for (uint64_t left = total; left > 0;) {
    uint32_t length = left < size ? (uint32_t)left : size;
    outcome written = output_blocking_write_and_flush(out, bytes, length);
    if (written.status != OK) return written;
    left -= length;
  }
  return (outcome){.status = OK};
}

WASI_RUN {
  bool by_permits = equals(argument(1), "permit");
  uint64_t total = number_argument(2, 1 << 20), size = number_argument(3, 4096);
  uint64_t most = by_permits ? MAX_SIZE : 4096;
  if (size == 0 || size > most) size = most;
  for (uint32_t i = 0; i < size; i++) bytes[i] = 'A';
  output_stream out = get_stdout();
  uint64_t start = monotonic_now();
  outcome written = (by_permits ? write_by_permits : write_and_flush)(out, total, (uint32_t)size);
  uint64_t elapsed_ns = monotonic_now() - start;
  if (written.status != OK) return report_failure("stdout", written);
  add("ns ");
  add_number(elapsed_ns);
  send_line();
  return RUN_OK;
}

/* A greeting from a guest of the oldest WASI 0.2. */
#define WASI_VERSION "0.2.0"
#include "wasi.h"

WASI_RUN {
  static const char text[] = "hello from 0.2.0\n";
  return (int32_t)output_blocking_write_and_flush(get_stdout(), text, sizeof text - 1).status;
}

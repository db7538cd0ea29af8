/* Waits for the end of stdin. Its memory is one page, so that thousands can wait at once. */
#include "wasi.h"

WASI_RUN {
  input_stream in = get_stdin();
  outcome skipped;
  do skipped = input_blocking_skip(in, 65536);
  while (skipped.status == OK);
  return skipped.status == CLOSED ? RUN_OK : RUN_ERR;
}

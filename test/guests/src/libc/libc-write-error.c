/* Writes to stdout until that fails, says on stderr why, and exits with 1. */
#include "libc.h"
#include <errno.h>
#include <string.h>
#include <unistd.h>

int main(void) {
  static char buffer[4096];
  for (int i = 0; i < 100000; i++) {
    if (write(STDOUT_FILENO, buffer, sizeof buffer) >= 0) continue;
    fprintf(stderr, "write failed: %s\n", strerror(errno));
    return 1;
  }
  fputs("stdout took everything\n", stderr);
  return 0;
}

/* Copies the named files to stdout, one after the other. */
#include "libc.h"
#include <stdbool.h>

static bool copy(const char *path) {
  static char buffer[65536];
  FILE *file = fopen(path, "r");
  if (file == NULL) return false;
  size_t length;
  while ((length = fread(buffer, 1, sizeof buffer, file)) > 0)
    if (fwrite(buffer, 1, length, stdout) != length) break;
  bool whole = !ferror(file) && !ferror(stdout);
  return fclose(file) == 0 && whole;
}

int main(int count, char **arguments) {
  int status = 0;
  for (int i = 1; i < count; i++) {
    if (copy(arguments[i])) continue;
    perror(arguments[i]);
    status = 1;
  }
  return status;
}

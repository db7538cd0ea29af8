/* Copies a file through libc's buffers: cp FROM TO. */
#include "libc.h"

int main(int count, char **arguments) {
  if (count != 3) {
    fputs("usage: cp FROM TO\n", stderr);
    return 1;
  }
  FILE *from = fopen(arguments[1], "r");
  if (from == NULL) {
    perror(arguments[1]);
    return 1;
  }
  FILE *to = fopen(arguments[2], "w");
  if (to == NULL) {
    perror(arguments[2]);
    return 1;
  }
  static char buffer[16384];
  size_t length;
  while ((length = fread(buffer, 1, sizeof buffer, from)) > 0)
    if (fwrite(buffer, 1, length, to) != length) break;
  int failed = ferror(from) || ferror(to);
  if (fclose(to) != 0) failed = 1;
  if (!failed) return 0;
  perror("cp");
  return 1;
}

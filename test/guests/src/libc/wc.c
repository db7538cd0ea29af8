/* Counts like wc: prints the lines, words and bytes of stdin. */
#include "libc.h"
#include <ctype.h>
#include <stdbool.h>

int main(void) {
  unsigned long long lines = 0, words = 0, bytes = 0;
  bool in_word = false;
  for (int c; (c = getchar()) != EOF; bytes++) {
    if (c == '\n') lines++;
    if (!isspace(c) && !in_word) words++;
    in_word = !isspace(c);
  }
  if (ferror(stdin)) {
    perror("wc");
    return 1;
  }
  printf("%llu %llu %llu\n", lines, words, bytes);
  return 0;
}

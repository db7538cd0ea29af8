/* Prints its arguments, with a space between them. */
#include "libc.h"

int main(int count, char **arguments) {
  for (int i = 1; i < count; i++) printf(i > 1 ? " %s" : "%s", arguments[i]);
  putchar('\n');
  return 0;
}

/* Exits with the status that its argument says, through exit() with text still in a buffer. */
#include "libc.h"

int main(int count, char **arguments) {
  fputs("leaving", stdout);
  exit(count > 1 ? atoi(arguments[1]) : 0);
}

/* Prints a greeting through libc. */
#include "libc.h"

int main(void) {
  puts("hello");
  return 0;
}

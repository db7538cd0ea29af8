/* A program for a terminal: says whether it has one, and how large it is, and turns each line around, in colours if it
 * has. What it writes elsewhere is plain. */
#include "libc.h"
#include <string.h>
#include <unistd.h>

static int is_terminal;

static void colour(int number) {
  if (is_terminal) printf("\x1b[1;%dm", number);
}

static const char *or_none(const char *value) { return value ? value : "none"; }

static const char *answer(int yes) { return yes ? "yes" : "no"; }

static void greet(void) {
  colour(36);
  printf("terminal: stdin %s, stdout %s, stderr %s\n", answer(isatty(0)), answer(isatty(1)), answer(isatty(2)));
  colour(0);
  printf("TERM=%s COLUMNS=%s LINES=%s\n", or_none(getenv("TERM")), or_none(getenv("COLUMNS")), or_none(getenv("LINES")));
  if (!is_terminal) return;
  for (int number = 31; number <= 36; number++) {
    colour(number);
    printf("colour %d%s", number, number == 33 ? "\n" : "  ");
  }
  colour(0);
  puts("\nType a line, and Enter. Ctrl-D ends it.");
}

/* The bytes of one character stay as they are. */
static void put_around(const char *line, size_t length) {
  for (size_t end = length; end > 0;) {
    size_t begin = end - 1;
    while (begin > 0 && (line[begin] & 0xc0) == 0x80) begin--;
    fwrite(line + begin, 1, end - begin, stdout);
    end = begin;
  }
}

int main(void) {
  char line[1024];
  is_terminal = isatty(1);
  greet();
  for (;;) {
    if (isatty(0)) {
      colour(33);
      fputs("> ", stdout);
      colour(0);
      fflush(stdout);
    }
    if (!fgets(line, sizeof line, stdin)) break;
    colour(32);
    put_around(line, strcspn(line, "\n"));
    colour(0);
    putchar('\n');
  }
  puts(isatty(0) ? "\nbye" : "bye");
  return 0;
}

/* What an ordinary C program does with files, in the directory that its argument names. Prints
 * one line a step; exits with 1 and `FAIL: ...` on stderr where a step does not give what the
 * C library promises. Leaves the directory as it was. */
#include "libc.h"
#include <dirent.h>
#include <errno.h>
#include <stdarg.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const char *top = ".";

static _Noreturn void fail(const char *step, const char *why) {
  fprintf(stderr, "FAIL: %s: %s\n", step, why);
  exit(1);
}

static void expect(int holds, const char *step) {
  if (!holds) fail(step, errno != 0 ? strerror(errno) : "not as expected");
}

/* The call must fail with that errno. */
static void expect_errno(int expected, int result, const char *step) {
  if (result != -1) fail(step, "no error");
  if (errno != expected) fail(step, strerror(errno));
  errno = 0;
}

static void done(const char *format, ...) {
  va_list values;
  va_start(values, format);
  vprintf(format, values);
  va_end(values);
  putchar('\n');
  errno = 0;
}

/* `top`/`name`, in one of a few buffers that take turns. */
static const char *under(const char *name) {
  static char paths[4][512];
  static unsigned turn;
  char *path = paths[turn++ % 4];
  snprintf(path, sizeof paths[0], "%s/%s", top, name);
  return path;
}

static FILE *open_file(const char *name, const char *mode) {
  FILE *file = fopen(under(name), mode);
  expect(file != NULL, name);
  return file;
}

static void close_file(FILE *file) { expect(fclose(file) == 0, "fclose"); }

static void expect_content(const char *name, const char *expected) {
  char content[256] = {0};
  FILE *file = open_file(name, "r");
  size_t length = fread(content, 1, sizeof content - 1, file);
  expect(!ferror(file) && length == strlen(expected) && strcmp(content, expected) == 0, name);
  close_file(file);
}

static long long size_of(const char *name) {
  struct stat status;
  expect(stat(under(name), &status) == 0, "stat");
  expect(S_ISREG(status.st_mode), "a regular file");
  return (long long)status.st_size;
}

static int by_name(const void *a, const void *b) { return strcmp(a, b); }

/* The names in a directory, sorted, with a space between them. */
static const char *names_in(const char *name) {
  static char names[16][64], joined[sizeof names];
  size_t count = 0;
  DIR *directory = opendir(under(name));
  expect(directory != NULL, "opendir");
  for (struct dirent *entry; (entry = readdir(directory)) != NULL;) {
    if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0) continue;
    expect(count < 16 && strlen(entry->d_name) < sizeof names[0], "names that fit");
    strcpy(names[count++], entry->d_name);
  }
  expect(closedir(directory) == 0, "closedir");
  qsort(names, count, sizeof names[0], by_name);
  joined[0] = '\0';
  for (size_t i = 0; i < count; i++) {
    if (i > 0) strcat(joined, " ");
    strcat(joined, names[i]);
  }
  return joined;
}

static void make_directories(void) {
  expect(mkdir(under("tree"), 0777) == 0, "mkdir tree");
  expect(mkdir(under("tree/sub"), 0777) == 0, "mkdir tree/sub");
  expect_errno(EEXIST, mkdir(under("tree"), 0777), "mkdir tree again");
  expect_errno(ENOENT, mkdir(under("none/sub"), 0777), "mkdir none/sub");
  done("mkdir tree tree/sub");
}

static void write_and_read(void) {
  FILE *file = open_file("tree/a.txt", "w");
  expect(fwrite("one\n", 1, 4, file) == 4, "fwrite");
  expect(fprintf(file, "%s %d\n", "two", 2) == 6, "fprintf");
  close_file(file);
  expect_content("tree/a.txt", "one\ntwo 2\n");
  done("write tree/a.txt %lld bytes", size_of("tree/a.txt"));

  file = open_file("tree/a.txt", "a");
  expect(fputs("three\n", file) >= 0, "fputs");
  close_file(file);
  expect_content("tree/a.txt", "one\ntwo 2\nthree\n");
  done("append tree/a.txt %lld bytes", size_of("tree/a.txt"));
}

static void seek(void) {
  char word[4] = {0};
  FILE *file = open_file("tree/a.txt", "r+");
  expect(fseek(file, 4, SEEK_SET) == 0 && fread(word, 1, 3, file) == 3, "fseek from the start");
  expect(strcmp(word, "two") == 0 && ftell(file) == 7, "`two`");
  expect(fseek(file, -6, SEEK_END) == 0 && fread(word, 1, 3, file) == 3, "fseek from the end");
  expect(strcmp(word, "thr") == 0, "`thr`");
  expect(fseek(file, 0, SEEK_SET) == 0 && fputs("ONE", file) >= 0, "fputs at the start");
  expect(fseek(file, 20, SEEK_SET) == 0 && fputc('!', file) == '!', "fputc behind the end");
  close_file(file);
  file = open_file("tree/a.txt", "r");
  char content[32];
  expect(fread(content, 1, sizeof content, file) == 21, "21 bytes");
  expect(memcmp(content, "ONE\ntwo 2\nthree\n\0\0\0\0!", 21) == 0, "a gap of zeroes");
  expect(feof(file) && !ferror(file), "the end");
  close_file(file);
  done("seek tree/a.txt %lld bytes", size_of("tree/a.txt"));
}

static void truncate_file(void) {
  FILE *file = open_file("tree/a.txt", "r+");
  expect(ftruncate(fileno(file), 3) == 0, "ftruncate to 3");
  expect_content("tree/a.txt", "ONE");
  expect(ftruncate(fileno(file), 5) == 0, "ftruncate to 5");
  close_file(file);
  expect(size_of("tree/a.txt") == 5, "5 bytes");
  close_file(open_file("tree/a.txt", "w"));
  expect(size_of("tree/a.txt") == 0, "0 bytes");
  done("truncate tree/a.txt");
}

/* More than any buffer on the way holds, so that it takes many writes and reads. */
static void large_file(void) {
  static unsigned numbers[32768];
  enum { COUNT = 5, SIZE = sizeof numbers };
  FILE *file = open_file("tree/large", "w+");
  for (unsigned i = 0; i < COUNT * SIZE / 4; i++)
    expect(fwrite(&i, sizeof i, 1, file) == 1, "fwrite");
  rewind(file);
  for (unsigned part = 0; part < COUNT; part++) {
    expect(fread(numbers, 1, SIZE, file) == SIZE, "fread");
    for (unsigned i = 0; i < SIZE / 4; i++)
      expect(numbers[i] == part * SIZE / 4 + i, "the numbers that were written");
  }
  close_file(file);
  done("large tree/large %lld bytes", size_of("tree/large"));
}

static void move(void) {
  FILE *file = open_file("tree/b.txt", "w");
  expect(fputs("bee", file) >= 0, "fputs");
  close_file(file);
  expect(rename(under("tree/b.txt"), under("tree/sub/c.txt")) == 0, "rename a file");
  expect_errno(ENOENT, access(under("tree/b.txt"), F_OK), "the old name");
  expect(rename(under("tree/sub/c.txt"), under("tree/a.txt")) == 0, "rename over a file");
  expect_content("tree/a.txt", "bee");
  expect(rename(under("tree/sub"), under("tree/moved")) == 0, "rename a directory");
  expect_errno(ENOENT, rename(under("tree/sub"), under("tree/x")), "rename what is gone");
  done("rename");
}

static void list(void) {
  close_file(open_file("tree/moved/ünï ☃", "w"));
  close_file(open_file("tree/moved/z", "w"));
  close_file(open_file("tree/moved/a", "w"));
  done("readdir tree: %s", names_in("tree"));
  done("readdir tree/moved: %s", names_in("tree/moved"));
  struct stat status;
  expect(stat(under("tree/moved"), &status) == 0 && S_ISDIR(status.st_mode), "a directory");
  expect_errno(ENOENT, stat(under("tree/none"), &status), "stat of what is not there");
  expect_errno(ENOTDIR, stat(under("tree/a.txt/x"), &status), "stat below a file");
  done("stat");
}

static void link_files(void) {
  struct stat status;
  char target[16] = {0};
  expect(symlink("a.txt", under("tree/link")) == 0, "symlink");
  expect(readlink(under("tree/link"), target, sizeof target) == 5, "readlink");
  expect(strcmp(target, "a.txt") == 0, "the target of the link");
  expect(lstat(under("tree/link"), &status) == 0 && S_ISLNK(status.st_mode), "lstat");
  expect_content("tree/link", "bee");
  expect(link(under("tree/a.txt"), under("tree/hard")) == 0, "link");
  expect(stat(under("tree/hard"), &status) == 0 && status.st_nlink == 2, "two links");
  expect(unlink(under("tree/link")) == 0 && unlink(under("tree/hard")) == 0, "unlink the links");
  expect_content("tree/a.txt", "bee");
  done("links");
}

static void remove_all(void) {
  expect_errno(ENOTEMPTY, rmdir(under("tree/moved")), "rmdir of what is not empty");
  expect_errno(ENOTDIR, rmdir(under("tree/a.txt")), "rmdir of a file");
  expect(unlink(under("tree/moved")) == -1, "unlink of a directory");
  static const char *const files[] = {"tree/a.txt", "tree/large", "tree/moved/a", "tree/moved/z",
                                      "tree/moved/ünï ☃"};
  for (size_t i = 0; i < sizeof files / sizeof *files; i++)
    expect(unlink(under(files[i])) == 0, files[i]);
  expect_errno(ENOENT, unlink(under("tree/a.txt")), "unlink what is gone");
  expect(strcmp(names_in("tree/moved"), "") == 0, "an empty directory");
  expect(rmdir(under("tree/moved")) == 0 && rmdir(under("tree")) == 0, "rmdir");
  expect_errno(ENOENT, rmdir(under("tree")), "rmdir of what is gone");
  done("unlink and rmdir");
}

int main(int count, char **arguments) {
  if (count > 1) top = arguments[1];
  make_directories();
  write_and_read();
  seek();
  truncate_file();
  large_file();
  move();
  list();
  link_files();
  remove_all();
  return 0;
}

/* Work on files for `npm run bench files`: bench-files write|read FILE MIB, or small DIR COUNT.
 * On stderr: `ns` and how many it took, so that starting does not count. */
#include "libc.h"
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum { PIECE = 65536 };

static char piece[PIECE];

static int write_file(const char *path, long pieces) {
  int file = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0666);
  if (file < 0) return 1;
  for (; pieces > 0; pieces--)
    for (ssize_t done = 0; done < PIECE;) {
      ssize_t count = write(file, piece + done, PIECE - (size_t)done);
      if (count <= 0) return 1;
      done += count;
    }
  return close(file);
}

static int read_file(const char *path, long pieces) {
  int file = open(path, O_RDONLY);
  if (file < 0) return 1;
  long long bytes = 0;
  for (ssize_t count; (count = read(file, piece, PIECE)) != 0; bytes += count)
    if (count < 0) return 1;
  return bytes != (long long)pieces * PIECE || close(file);
}

/* Each of the files is made, looked at, listed and removed. */
static int small_files(const char *directory, long count) {
  char path[256];
  struct stat about;
  for (long i = 0; i < count; i++) {
    snprintf(path, sizeof path, "%s/file-%ld", directory, i);
    int file = open(path, O_WRONLY | O_CREAT | O_EXCL, 0666);
    if (file < 0 || write(file, path, strlen(path)) < 0 || close(file)) return 1;
    if (stat(path, &about) || about.st_size != (off_t)strlen(path)) return 1;
  }
  DIR *listed = opendir(directory);
  if (!listed) return 1;
  long found = 0;
  for (struct dirent *entry; (entry = readdir(listed));) found += entry->d_name[0] == 'f';
  closedir(listed);
  for (long i = 0; i < count; i++) {
    snprintf(path, sizeof path, "%s/file-%ld", directory, i);
    if (unlink(path)) return 1;
  }
  return found != count;
}

static int work(const char *what, const char *path, long count) {
  if (!strcmp(what, "write")) return write_file(path, count * 16);
  if (!strcmp(what, "read")) return read_file(path, count * 16);
  if (!strcmp(what, "small")) return small_files(path, count);
  return 2;
}

static long long now_ns(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return now.tv_sec * 1000000000LL + now.tv_nsec;
}

int main(int argc, char **argv) {
  if (argc != 4) return 2;
  long long start = now_ns();
  int failed = work(argv[1], argv[2], atol(argv[3]));
  if (!failed) fprintf(stderr, "ns %lld\n", now_ns() - start);
  return failed;
}

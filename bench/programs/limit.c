/* What the machine can do, without WebAssembly; limit.ts is the same for Node:
 *   limit call NAME MS        what one call costs: NAME is write-SIZE, read-SIZE or poll-COUNT
 *   limit write TOTAL SIZE    writes to standard output
 *   limit copy SIZE           copies standard input to standard output
 *   limit write-file|read-file PATH MIB, small-files FOLDER COUNT
 * On standard error: the name and its ns per call, or `ns` and how many it took. */
#define _GNU_SOURCE
#include <dirent.h>
#include <fcntl.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum { PIECE = 65536, MAX_SIZE = 1 << 20, MAX_POLLED = 1000 };

static char bytes[MAX_SIZE];

static long long now_ns(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return now.tv_sec * 1000000000LL + now.tv_nsec;
}

static void fail(const char *what) {
  perror(what);
  exit(1);
}

static void write_all(int fd, const char *from, long length) {
  while (length > 0) {
    ssize_t count = write(fd, from, (size_t)length);
    if (count < 0) fail("write");
    from += count;
    length -= count;
  }
}

/* One of `count` is ready: it is the end for reading of a pipe that holds a byte. */
static void make_polled(struct pollfd *polled, int count) {
  int idle[2], ready[2];
  if (pipe(idle) || pipe(ready)) fail("pipe");
  write_all(ready[1], "x", 1);
  for (int i = 0; i < count; i++)
    polled[i] = (struct pollfd){.fd = i == count / 2 ? ready[0] : idle[0], .events = POLLIN};
}

static void call(const char *name, long long least_ns) {
  static struct pollfd polled[MAX_POLLED];
  long size = atol(strchr(name, '-') + 1);
  if (*name == 'p') make_polled(polled, (int)size);
  long long before_ns = 0;
  for (long count = 64;;) {
    long long start = now_ns();
    for (long i = 0; i < count; i++) {
      ssize_t done = *name == 'w'   ? write(1, bytes, (size_t)size)
                     : *name == 'r' ? read(0, bytes, (size_t)size)
                                    : poll(polled, (nfds_t)size, -1);
      if (done <= 0) fail(name);
    }
    long long elapsed_ns = now_ns() - start;
    // As bench-calls does it: what takes long after what did not was disturbed.
    bool enough = elapsed_ns >= least_ns && before_ns >= least_ns / 4;
    before_ns = elapsed_ns;
    if (elapsed_ns < least_ns) count *= 2;
    if (!enough) continue;
    fprintf(stderr, "%s %.1f\n", name, (double)elapsed_ns / (double)count);
    return;
  }
}

static void write_file(const char *path, long mib) {
  int file = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0666);
  if (file < 0) fail(path);
  for (long left = mib * 16; left > 0; left--) write_all(file, bytes, PIECE);
  close(file);
}

static void read_file(const char *path) {
  int file = open(path, O_RDONLY);
  if (file < 0) fail(path);
  while (read(file, bytes, PIECE) > 0) continue;
  close(file);
}

static void small_files(const char *folder, long count) {
  char path[4096];
  struct stat about;
  for (long i = 0; i < count; i++) {
    snprintf(path, sizeof path, "%s/file-%ld", folder, i);
    int file = open(path, O_WRONLY | O_CREAT | O_EXCL, 0666);
    if (file < 0) fail(path);
    write_all(file, path, (long)strlen(path));
    close(file);
    if (stat(path, &about)) fail(path);
  }
  DIR *listed = opendir(folder);
  while (readdir(listed)) continue;
  closedir(listed);
  for (long i = 0; i < count; i++) {
    snprintf(path, sizeof path, "%s/file-%ld", folder, i);
    unlink(path);
  }
}

int main(int argc, char **argv) {
  const char *what = argc > 2 ? argv[1] : "";
  long third = argc > 3 ? atol(argv[3]) : 0;
  long long start = now_ns();
  if (!strcmp(what, "call")) {
    call(argv[2], third * 1000000LL);
    return 0;
  }
  if (!strcmp(what, "write")) {
    for (long left = atol(argv[2]); left > 0; left -= third) write_all(1, bytes, left < third ? left : third);
  } else if (!strcmp(what, "copy")) {
    for (ssize_t count; (count = read(0, bytes, (size_t)atol(argv[2]))) > 0;) write_all(1, bytes, count);
  } else if (!strcmp(what, "write-file")) {
    write_file(argv[2], third);
  } else if (!strcmp(what, "read-file")) {
    read_file(argv[2]);
  } else if (!strcmp(what, "small-files")) {
    small_files(argv[2], third);
  } else {
    return 2;
  }
  fprintf(stderr, "ns %lld\n", now_ns() - start);
  return 0;
}

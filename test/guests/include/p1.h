/* For core modules without libc: the imports of wasi_snapshot_preview1 by hand, and a few lines of output. */
#pragma once
#include <stddef.h>
#include <stdint.h>

#define P1(name) __attribute__((import_module("wasi_snapshot_preview1"), import_name(#name)))
#define EXPORT(name) __attribute__((export_name(#name)))

typedef struct {
  const void *at;
  uint32_t length;
} vector;

typedef struct {
  uint64_t userdata;
  uint8_t type;
  union {
    struct {
      uint32_t clock;
      uint64_t timeout, precision;
      uint16_t flags;
    };
    uint32_t fd;
  };
} subscription;

typedef struct {
  uint64_t userdata;
  uint16_t error;
  uint8_t type;
  uint64_t bytes;
  uint16_t flags;
} event;

enum { EAGAIN = 6, EBADF = 8, EINVAL = 28, EPIPE = 64 };
enum { CLOCK = 0, READ = 1, WRITE = 2 };
enum { NONBLOCK = 4 };

P1(args_sizes_get) int args_sizes_get(uint32_t *count, uint32_t *bytes);
P1(args_get) int args_get(char **pointers, char *texts);
P1(clock_time_get) int clock_time_get(uint32_t clock, uint64_t precision, uint64_t *time);
P1(fd_fdstat_set_flags) int fd_fdstat_set_flags(int fd, int flags);
P1(fd_read) int fd_read(int fd, const vector *vectors, uint32_t count, uint32_t *done);
P1(fd_write) int fd_write(int fd, const vector *vectors, uint32_t count, uint32_t *done);
P1(poll_oneoff) int poll_oneoff(const subscription *in, event *out, uint32_t count, uint32_t *done);
P1(proc_exit) _Noreturn void proc_exit(uint32_t code);
P1(random_get) int random_get(void *into, uint32_t length);
P1(sched_yield) int sched_yield(void);

static inline uint32_t length_of(const char *text) {
  uint32_t length = 0;
  while (text[length] != 0) length++;
  return length;
}

/* Gives the errno. */
static inline int say(const char *text) {
  vector vectors = {text, length_of(text)};
  uint32_t done;
  return fd_write(1, &vectors, 1, &done);
}

static inline void say_number(uint64_t number) {
  char text[21], *at = text + 20;
  *at = 0;
  do *--at = '0' + number % 10;
  while (number /= 10);
  say(at);
}

/* Ends the program with 1 if `condition` does not hold, and says which. */
#define CHECK(condition)                                                                           \
  do {                                                                                             \
    if (!(condition)) {                                                                            \
      vector what = {"FAIL: " #condition "\n", sizeof("FAIL: " #condition "\n") - 1};              \
      uint32_t told;                                                                               \
      fd_write(2, &what, 1, &told);                                                                \
      proc_exit(1);                                                                                \
    }                                                                                              \
  } while (0)

/* The argument after the name of the program, as a number. */
static inline uint32_t argument(void) {
  static char *pointers[8];
  static char texts[256];
  uint32_t count, bytes, number = 0;
  CHECK(args_sizes_get(&count, &bytes) == 0 && count == 2 && bytes <= sizeof texts);
  CHECK(args_get(pointers, texts) == 0);
  for (const char *at = pointers[1]; *at; at++) number = number * 10 + (uint32_t)(*at - '0');
  return number;
}

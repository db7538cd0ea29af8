/* Measures what calls cost, seen from the guest: bench-calls [WHAT [COUNT [MS]]]. Prints lines
 * `name ns` on stderr; without arguments, for everything. Doubles COUNT until a measurement takes
 * MS milliseconds, so that hosts of any speed can be given the same arguments; one that takes long
 * after one that did not was disturbed, and is made again. Wants a stdin that does not end and a
 * stdout that takes everything, such as /dev/zero and /dev/null. */
#include "wasi.h"

enum { MAX_SIZE = 65536, MAX_POLLED = 1000 };

static input_stream in;
static output_stream out;
static uint8_t bytes[MAX_SIZE];

/* Every measurement makes `count` calls of one size and gives false if the stream has ended. */
typedef bool measurement(uint64_t count, uint32_t size);

static bool check_write(uint64_t count, uint32_t size) {
  (void)size;
  while (count-- > 0)
    if (output_check_write(out).status != OK) return false;
  return true;
}
static bool check_and_write(uint64_t count, uint32_t size) {
  while (count-- > 0)
    if (write_fully(out, bytes, size).status != OK) return false;
  return true;
}
static bool write_then_flush(uint64_t count, uint32_t size) {
  while (count-- > 0) {
    if (write_fully(out, bytes, size).status != OK) return false;
    if (output_blocking_flush(out).status != OK) return false;
  }
  return true;
}
static bool write_and_flush(uint64_t count, uint32_t size) {
  while (count-- > 0)
    if (output_blocking_write_and_flush(out, bytes, size).status != OK) return false;
  return true;
}
static bool read(uint64_t count, uint32_t size) {
  while (count > 0) {
    outcome some = input_read(in, size);
    if (some.status != OK) return false;
    if (some.count > 0) count--;
    else wait_readable(in);
  }
  return true;
}
static bool blocking_read(uint64_t count, uint32_t size) {
  while (count-- > 0)
    if (input_blocking_read(in, size).status != OK) return false;
  return true;
}
static bool ready(uint64_t count, uint32_t size) {
  (void)size;
  pollable writable = output_subscribe(out);
  while (count-- > 0) pollable_ready(writable);
  pollable_drop(writable);
  return true;
}
static bool block(uint64_t count, uint32_t size) {
  (void)size;
  pollable writable = output_subscribe(out);
  while (count-- > 0) pollable_block(writable);
  pollable_drop(writable);
  return true;
}
/* A timer that has fired. */
static pollable fired_timer(void) {
  pollable timer = subscribe_duration(1);
  pollable_block(timer);
  return timer;
}
static bool timer_ready(uint64_t count, uint32_t size) {
  (void)size;
  pollable timer = fired_timer();
  while (count-- > 0) pollable_ready(timer);
  pollable_drop(timer);
  return true;
}
static bool timer_poll(uint64_t count, uint32_t size) {
  pollable timer = fired_timer();
  while (count-- > 0) poll(&timer, size);
  pollable_drop(timer);
  return true;
}
static bool timer_subscribe_and_drop(uint64_t count, uint32_t size) {
  (void)size;
  while (count-- > 0) pollable_drop(subscribe_duration(1000000000));
  return true;
}
static bool subscribe_and_drop(uint64_t count, uint32_t size) {
  (void)size;
  while (count-- > 0) pollable_drop(output_subscribe(out));
  return true;
}
static bool subscribe_poll_drop(uint64_t count, uint32_t size) {
  (void)size;
  while (count-- > 0) {
    pollable writable = output_subscribe(out);
    poll(&writable, 1);
    pollable_drop(writable);
  }
  return true;
}
/* One entry is ready, the others never are. */
static bool poll_many(uint64_t count, uint32_t size) {
  static pollable list[MAX_POLLED];
  for (uint32_t i = 0; i < size; i++)
    list[i] = i == size / 2 ? output_subscribe(out) : subscribe_duration(UINT64_MAX);
  while (count-- > 0) poll(list, size);
  for (uint32_t i = 0; i < size; i++) pollable_drop(list[i]);
  return true;
}

static const struct {
  const char *name;
  measurement *run;
  uint32_t size;
  uint64_t count; /* if the arguments do not say */
} measurements[] = {
    {"check-write", check_write, 0, 1000000},
    {"check-and-write-1", check_and_write, 1, 100000},
    {"check-and-write-64", check_and_write, 64, 100000},
    {"check-and-write-4096", check_and_write, 4096, 100000},
    {"check-and-write-65536", check_and_write, 65536, 10000},
    {"read-1", read, 1, 100000},
    {"read-64", read, 64, 100000},
    {"read-4096", read, 4096, 100000},
    {"read-65536", read, 65536, 10000},
    {"blocking-read-64", blocking_read, 64, 100000},
    {"ready", ready, 0, 1000000},
    {"block-ready", block, 0, 1000000},
    {"subscribe-and-drop", subscribe_and_drop, 0, 100000},
    {"subscribe-poll-drop", subscribe_poll_drop, 0, 100000},
    {"timer-ready", timer_ready, 0, 100000},
    {"timer-poll", timer_poll, 1, 100000},
    {"timer-subscribe-and-drop", timer_subscribe_and_drop, 0, 100000},
    {"poll-1", poll_many, 1, 100000},
    {"poll-10", poll_many, 10, 100000},
    {"poll-100", poll_many, 100, 10000},
    {"poll-1000", poll_many, 1000, 1000},
    {"write-and-blocking-flush-64", write_then_flush, 64, 100000},
    {"blocking-write-and-flush-0", write_and_flush, 0, 10000},
    {"blocking-write-and-flush-4096", write_and_flush, 4096, 10000},
};

WASI_RUN {
  in = get_stdin();
  out = get_stdout();
  bool found = false;
  for (uint32_t i = 0; i < sizeof measurements / sizeof *measurements; i++) {
    const char *name = measurements[i].name;
    if (argument(1).length > 0 && !equals(argument(1), name)) continue;
    found = true;
    uint64_t count = number_argument(2, measurements[i].count);
    uint64_t least_ns = number_argument(3, 0) * 1000000, elapsed_ns = 0, before_ns;
    bool complete;
    do {
      before_ns = elapsed_ns;
      uint64_t start = monotonic_now();
      complete = measurements[i].run(count, measurements[i].size);
      elapsed_ns = monotonic_now() - start;
      if (!complete || count == 0) break;
      if (elapsed_ns < least_ns) count *= 2;
    } while (elapsed_ns < least_ns || before_ns < least_ns / 4);
    add(name);
    add(" ");
    if (complete && count > 0) {
      add_number(elapsed_ns / count);
      add(".");
      add_number(elapsed_ns * 10 / count % 10);
    } else {
      add("ended");
    }
    send_line();
  }
  return found ? RUN_OK : RUN_ERR;
}

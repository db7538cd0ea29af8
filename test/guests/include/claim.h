/* A claim guest: it defines `static void claim(void)`, which checks the claim and returns if it
 * holds. Otherwise `fail` (or an expectation) writes one line on stderr and exits with 1. */
#pragma once
#include "wasi.h"

static void claim(void);

WASI_RUN {
  claim();
  return RUN_OK;
}

/* ---- Failing ---------------------------------------------------------------------------- */

static _Noreturn inline void fail(const char *message) {
  line_length = 0;
  add("FAIL: ");
  add(message);
  send_line();
  exit_with(RUN_ERR);
}

/* What a guest says after the call that must have trapped. */
static _Noreturn inline void not_trapped(void) { fail("not trapped"); }

static _Noreturn inline void fail_count(const char *what, uint64_t expected, uint64_t came) {
  line_length = 0;
  add("FAIL: ");
  add(what);
  add(": expected ");
  add_number(expected);
  add(", came ");
  add_number(came);
  send_line();
  exit_with(RUN_ERR);
}

static _Noreturn inline void fail_status(const char *what, enum status expected, enum status came) {
  static const char *const names[] = {"ok", "last-operation-failed", "closed"};
  line_length = 0;
  add("FAIL: ");
  add(what);
  add(": expected ");
  add(names[expected]);
  add(", came ");
  add(names[came]);
  send_line();
  exit_with(RUN_ERR);
}

/* ---- Expecting -------------------------------------------------------------------------- */

static inline void expect(bool holds, const char *expected) {
  if (!holds) fail(expected);
}
static inline void expect_count(const char *what, uint64_t expected, uint64_t came) {
  if (came != expected) fail_count(what, expected, came);
}
static inline outcome expect_status(const char *what, enum status expected, outcome came) {
  if (came.status != expected) fail_status(what, expected, came.status);
  return came;
}
static inline uint64_t expect_ok(const char *what, outcome came) {
  return expect_status(what, OK, came).count;
}
static inline void expect_closed(const char *what, outcome came) {
  expect_status(what, CLOSED, came);
}

/* Every call on a failed or closed stream: `closed`, now and for ever. */
static inline void expect_output_closed(output_stream out, input_stream source) {
  pollable writable = output_subscribe(out);
  for (int round = 0; round < 10; round++) {
    expect(pollable_ready(writable), "the pollable of a closed stream to be ready");
    expect_closed("check-write when closed", output_check_write(out));
    expect_closed("write when closed", output_write(out, "x", 1));
    expect_closed("write of 0 bytes when closed", output_write(out, "", 0));
    expect_closed("flush when closed", output_flush(out));
    expect_closed("write-zeroes when closed", output_write_zeroes(out, 1));
    expect_closed("splice when closed", output_splice(out, source, 1));
    expect_closed("blocking-flush when closed", output_blocking_flush(out));
    expect_closed("blocking-write-and-flush when closed",
                  output_blocking_write_and_flush(out, "x", 1));
    expect_closed("blocking-write-zeroes-and-flush when closed",
                  output_blocking_write_zeroes_and_flush(out, 1));
    expect_closed("blocking-splice when closed", output_blocking_splice(out, source, 1));
  }
  pollable_drop(writable);
}
static inline void expect_input_closed(input_stream in) {
  pollable readable = input_subscribe(in);
  for (int round = 0; round < 10; round++) {
    expect(pollable_ready(readable), "the pollable of a closed stream to be ready");
    expect_closed("read when closed", input_read(in, 10));
    expect_closed("read(0) when closed", input_read(in, 0));
    expect_closed("skip when closed", input_skip(in, 10));
    expect_closed("blocking-read when closed", input_blocking_read(in, 10));
    expect_closed("blocking-read(0) when closed", input_blocking_read(in, 0));
    expect_closed("blocking-skip when closed", input_blocking_skip(in, 10));
  }
  pollable_drop(readable);
}

/* ---- Writing ---------------------------------------------------------------------------- */

/* A limit for what a host may take from a guest before it must push back. */
enum { MAX_BUFFERED_BYTES = 64 << 20 };

/* A limit for busy loops that must end because the host makes progress meanwhile. */
enum { MAX_SPIN_ROUNDS = 20000000 };

static uint8_t filler[65536]; /* zeroes, until a guest fills in something else */

static inline void write_all(output_stream out, const void *bytes, uint32_t length) {
  expect_ok("write", write_fully(out, bytes, length));
}
static inline void write_text(output_stream out, const char *text) {
  write_all(out, text, length_of(text));
}
/* Flushes, for claims that are not about what becomes of unflushed bytes. */
static inline void finish(output_stream out) {
  expect_ok("blocking-flush", output_blocking_flush(out));
}
/* Writes until nothing is permitted any more; gives the number of bytes taken. */
static inline uint64_t fill(output_stream out) {
  for (uint64_t total = 0; total < MAX_BUFFERED_BYTES;) {
    uint64_t permit = expect_ok("check-write", output_check_write(out));
    if (permit == 0) return total;
    uint32_t count = permit < sizeof filler ? (uint32_t)permit : sizeof filler;
    expect_ok("write", output_write(out, filler, count));
    total += count;
  }
  fail("expected check-write to become 0 in front of a slow reader, it never did");
}
/* Writes until the stream fails or closes; gives that outcome. */
static inline outcome write_until_error(output_stream out) {
  for (uint64_t total = 0; total < MAX_BUFFERED_BYTES;) {
    outcome written = write_some(out, filler, 1000);
    if (written.status != OK) return written;
    total += written.count;
  }
  fail("expected the stream to fail or close, it took everything");
}

/* ---- Reading ---------------------------------------------------------------------------- */

/* Reads until `length` bytes have come; fails if the stream ends before. */
static inline void read_exactly(input_stream in, uint8_t *bytes, uint32_t length) {
  for (uint32_t total = 0; total < length;) {
    outcome some = input_blocking_read(in, length - total);
    expect_ok("blocking-read", some);
    expect(some.count > 0 && some.count <= length - total,
           "blocking-read(n) to give 1 to n bytes");
    __builtin_memcpy(bytes + total, some.bytes, some.count);
    total += (uint32_t)some.count;
  }
}
static inline void expect_text(input_stream in, const char *text) {
  static uint8_t bytes[256];
  uint32_t length = length_of(text);
  expect(length <= sizeof bytes, "a text that fits");
  read_exactly(in, bytes, length);
  if (same_bytes(bytes, text, length)) return;
  line_length = 0;
  add("FAIL: expected to read \"");
  add(text);
  add("\", came \"");
  add_bytes((byte_list){bytes, length});
  add("\"");
  send_line();
  exit_with(RUN_ERR);
}
/* Reads and forgets until the stream ends. */
static inline outcome drain(input_stream in) {
  for (;;) {
    outcome skipped = input_blocking_skip(in, 65536);
    if (skipped.status != OK) return skipped;
  }
}

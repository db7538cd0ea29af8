/* WASI 0.2 for freestanding guests: the imports in their canonical-ABI form, each wrapped
 * into a function that returns a plain struct, an arena for what the host hands back, and a
 * reporter of lines on stderr. One guest is one translation unit; no libc.
 *
 * WASI_VERSION is the version of every imported wasi package; a guest may define another
 * before it includes this file (its .wit file must then say the same). */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifndef WASI_VERSION
#define WASI_VERSION "0.2.12"
#endif

#define WASM_IMPORT(module, name) __attribute__((import_module(module), import_name(name)))
#define WASM_EXPORT(name) __attribute__((export_name(name)))
#define WASI(interface, name) WASM_IMPORT("wasi:" interface "@" WASI_VERSION, name)

/* The entry of a command: `WASI_RUN { ...; return RUN_OK; }` */
enum { RUN_OK = 0, RUN_ERR = 1 };
#define WASI_RUN WASM_EXPORT("wasi:cli/run@" WASI_VERSION "#run") int32_t run(void)

/* Handles. */
typedef uint32_t input_stream, output_stream, pollable, io_error;

/* ---- What a stream call gave --------------------------------------------------------- */

enum status { OK, FAILED /* last-operation-failed(error) */, CLOSED };

typedef struct {
  enum status status;
  uint64_t count;       /* OK: the permit, the bytes skipped or spliced, the length of `bytes` */
  const uint8_t *bytes; /* OK, of a read: valid until the next call that returns a list */
  io_error error;       /* FAILED: an owned handle */
} outcome;

/* The three result types as they lie in memory. `failure` is the stream-error variant. */
struct failure { uint8_t is_closed; io_error error; };
typedef struct { uint8_t is_err; struct failure failure; } result_unit;
typedef struct { uint8_t is_err; union { uint64_t count; struct failure failure; }; } result_count;
typedef struct { const uint8_t *bytes; uint32_t length; } byte_list;
typedef struct { uint8_t is_err; union { byte_list list; struct failure failure; }; } result_bytes;
_Static_assert(sizeof(result_unit) == 12 && sizeof(result_count) == 16, "canonical ABI");
_Static_assert(sizeof(result_bytes) == 12, "canonical ABI");

static inline outcome failed(struct failure f) {
  return f.is_closed ? (outcome){.status = CLOSED} : (outcome){.status = FAILED, .error = f.error};
}
static inline outcome of_unit(result_unit r) {
  return r.is_err ? failed(r.failure) : (outcome){.status = OK};
}
static inline outcome of_count(result_count r) {
  return r.is_err ? failed(r.failure) : (outcome){.status = OK, .count = r.count};
}
static inline outcome of_bytes(result_bytes r) {
  return r.is_err ? failed(r.failure)
                  : (outcome){.status = OK, .count = r.list.length, .bytes = r.list.bytes};
}

/* ---- Memory for lists and strings from the host ------------------------------------------
 * A bump allocator above the data section. Every wrapper whose call returns a list empties it
 * first, so that memory does not grow with the number of calls. */

extern uint8_t __heap_base;
static uintptr_t arena_top;

static inline void arena_reset(void) { arena_top = (uintptr_t)&__heap_base; }

WASM_EXPORT("cabi_realloc")
void *cabi_realloc(void *old, size_t old_size, size_t align, size_t size) {
  const size_t page = 65536;
  if (arena_top == 0) arena_reset();
  uintptr_t start = (arena_top + align - 1) & ~(align - 1);
  size_t pages = (start + size + page - 1) / page, present = __builtin_wasm_memory_size(0);
  if (start + size < start) __builtin_trap();
  if (pages > present && __builtin_wasm_memory_grow(0, pages - present) == (size_t)-1)
    __builtin_trap();
  arena_top = start + size;
  if (old_size > 0) __builtin_memcpy((void *)start, old, old_size < size ? old_size : size);
  return (void *)start;
}

/* ---- wasi:io/error ---------------------------------------------------------------------- */

WASI("io/error", "[method]error.to-debug-string")
void error_to_debug_string_(io_error, byte_list *);
WASI("io/error", "[resource-drop]error") void error_drop(io_error);

static inline byte_list error_to_debug_string(io_error error) {
  byte_list text;
  arena_reset();
  error_to_debug_string_(error, &text);
  return text;
}

/* ---- wasi:io/poll ----------------------------------------------------------------------- */

typedef struct { const uint32_t *at; uint32_t length; } index_list;

WASI("io/poll", "[method]pollable.ready") bool pollable_ready(pollable);
WASI("io/poll", "[method]pollable.block") void pollable_block(pollable);
WASI("io/poll", "[resource-drop]pollable") void pollable_drop(pollable);
WASI("io/poll", "poll") void poll_(const pollable *, uint32_t, index_list *);

static inline index_list poll(const pollable *list, uint32_t length) {
  index_list ready;
  arena_reset();
  poll_(list, length, &ready);
  return ready;
}

/* ---- wasi:io/streams: input-stream ------------------------------------------------------ */

#define INPUT(method) WASI("io/streams", "[method]input-stream." method)
INPUT("read") void input_read_(input_stream, uint64_t, result_bytes *);
INPUT("blocking-read") void input_blocking_read_(input_stream, uint64_t, result_bytes *);
INPUT("skip") void input_skip_(input_stream, uint64_t, result_count *);
INPUT("blocking-skip") void input_blocking_skip_(input_stream, uint64_t, result_count *);
INPUT("subscribe") pollable input_subscribe(input_stream);
WASI("io/streams", "[resource-drop]input-stream") void input_drop(input_stream);

static inline outcome input_read(input_stream in, uint64_t length) {
  result_bytes r;
  arena_reset();
  input_read_(in, length, &r);
  return of_bytes(r);
}
static inline outcome input_blocking_read(input_stream in, uint64_t length) {
  result_bytes r;
  arena_reset();
  input_blocking_read_(in, length, &r);
  return of_bytes(r);
}
static inline outcome input_skip(input_stream in, uint64_t length) {
  result_count r;
  input_skip_(in, length, &r);
  return of_count(r);
}
static inline outcome input_blocking_skip(input_stream in, uint64_t length) {
  result_count r;
  input_blocking_skip_(in, length, &r);
  return of_count(r);
}

/* ---- wasi:io/streams: output-stream ----------------------------------------------------- */

#define OUTPUT(method) WASI("io/streams", "[method]output-stream." method)
OUTPUT("check-write") void output_check_write_(output_stream, result_count *);
OUTPUT("write") void output_write_(output_stream, const void *, uint32_t, result_unit *);
OUTPUT("blocking-write-and-flush")
void output_blocking_write_and_flush_(output_stream, const void *, uint32_t, result_unit *);
OUTPUT("flush") void output_flush_(output_stream, result_unit *);
OUTPUT("blocking-flush") void output_blocking_flush_(output_stream, result_unit *);
OUTPUT("subscribe") pollable output_subscribe(output_stream);
OUTPUT("write-zeroes") void output_write_zeroes_(output_stream, uint64_t, result_unit *);
OUTPUT("blocking-write-zeroes-and-flush")
void output_blocking_write_zeroes_and_flush_(output_stream, uint64_t, result_unit *);
OUTPUT("splice") void output_splice_(output_stream, input_stream, uint64_t, result_count *);
OUTPUT("blocking-splice")
void output_blocking_splice_(output_stream, input_stream, uint64_t, result_count *);
WASI("io/streams", "[resource-drop]output-stream") void output_drop(output_stream);

static inline outcome output_check_write(output_stream out) {
  result_count r;
  output_check_write_(out, &r);
  return of_count(r);
}
static inline outcome output_write(output_stream out, const void *bytes, uint32_t length) {
  result_unit r;
  output_write_(out, bytes, length, &r);
  return of_unit(r);
}
static inline outcome output_blocking_write_and_flush(output_stream out, const void *bytes,
                                                      uint32_t length) {
  result_unit r;
  output_blocking_write_and_flush_(out, bytes, length, &r);
  return of_unit(r);
}
static inline outcome output_flush(output_stream out) {
  result_unit r;
  output_flush_(out, &r);
  return of_unit(r);
}
static inline outcome output_blocking_flush(output_stream out) {
  result_unit r;
  output_blocking_flush_(out, &r);
  return of_unit(r);
}
static inline outcome output_write_zeroes(output_stream out, uint64_t length) {
  result_unit r;
  output_write_zeroes_(out, length, &r);
  return of_unit(r);
}
static inline outcome output_blocking_write_zeroes_and_flush(output_stream out, uint64_t length) {
  result_unit r;
  output_blocking_write_zeroes_and_flush_(out, length, &r);
  return of_unit(r);
}
static inline outcome output_splice(output_stream out, input_stream in, uint64_t length) {
  result_count r;
  output_splice_(out, in, length, &r);
  return of_count(r);
}
static inline outcome output_blocking_splice(output_stream out, input_stream in, uint64_t length) {
  result_count r;
  output_blocking_splice_(out, in, length, &r);
  return of_count(r);
}

/* ---- wasi:cli --------------------------------------------------------------------------- */

WASI("cli/stdin", "get-stdin") input_stream get_stdin(void);
WASI("cli/stdout", "get-stdout") output_stream get_stdout(void);
WASI("cli/stderr", "get-stderr") output_stream get_stderr(void);
WASI("cli/exit", "exit") _Noreturn void exit_with(int32_t is_err);
WASI("cli/exit", "exit-with-code") _Noreturn void exit_with_code(int32_t code);

typedef struct { const byte_list *at; uint32_t length; } string_list;
typedef struct { byte_list name, value; } variable;
typedef struct { const variable *at; uint32_t length; } variable_list;

WASI("cli/environment", "get-arguments") void get_arguments_(string_list *);
WASI("cli/environment", "get-environment") void get_environment_(variable_list *);

static inline string_list get_arguments(void) {
  string_list list;
  arena_reset();
  get_arguments_(&list);
  return list;
}
static inline variable_list get_environment(void) {
  variable_list list;
  arena_reset();
  get_environment_(&list);
  return list;
}

typedef struct { uint8_t is_some; uint32_t handle; } optional_terminal;
WASI("cli/terminal-stdin", "get-terminal-stdin") void get_terminal_stdin(optional_terminal *);
WASI("cli/terminal-stdout", "get-terminal-stdout") void get_terminal_stdout(optional_terminal *);
WASI("cli/terminal-stderr", "get-terminal-stderr") void get_terminal_stderr(optional_terminal *);

/* ---- wasi:clocks, wasi:random, wasi:filesystem ------------------------------------------ */

WASI("clocks/monotonic-clock", "now") uint64_t monotonic_now(void);
WASI("clocks/monotonic-clock", "resolution") uint64_t monotonic_resolution(void);
WASI("clocks/monotonic-clock", "subscribe-duration") pollable subscribe_duration(uint64_t ns);
WASI("clocks/monotonic-clock", "subscribe-instant") pollable subscribe_instant(uint64_t instant);

typedef struct { uint64_t seconds; uint32_t nanoseconds; } datetime;
WASI("clocks/wall-clock", "now") void wall_now(datetime *);
WASI("clocks/wall-clock", "resolution") void wall_resolution(datetime *);

WASI("random/random", "get-random-u64") uint64_t get_random_u64(void);
WASI("random/random", "get-random-bytes") void get_random_bytes_(uint64_t, byte_list *);
WASI("random/insecure", "get-insecure-random-u64") uint64_t get_insecure_random_u64(void);
WASI("random/insecure", "get-insecure-random-bytes")
void get_insecure_random_bytes_(uint64_t, byte_list *);
WASI("random/insecure-seed", "insecure-seed") void insecure_seed(uint64_t seed[2]);

static inline byte_list get_random_bytes(uint64_t length) {
  byte_list list;
  arena_reset();
  get_random_bytes_(length, &list);
  return list;
}
static inline byte_list get_insecure_random_bytes(uint64_t length) {
  byte_list list;
  arena_reset();
  get_insecure_random_bytes_(length, &list);
  return list;
}

typedef struct { uint8_t is_some, code; } optional_error_code;
WASI("filesystem/types", "filesystem-error-code")
void filesystem_error_code(io_error, optional_error_code *);

/* ---- Waiting ---------------------------------------------------------------------------- */

static inline void wait_and_drop(pollable p) {
  pollable_block(p);
  pollable_drop(p);
}
static inline void wait_readable(input_stream in) { wait_and_drop(input_subscribe(in)); }
static inline void wait_writable(output_stream out) { wait_and_drop(output_subscribe(out)); }
static inline void sleep_ns(uint64_t ns) { wait_and_drop(subscribe_duration(ns)); }

/* ---- The write loop --------------------------------------------------------------------- */

/* Waits until a write is permitted, or the stream has ended. */
static inline outcome await_permit(output_stream out) {
  for (;;) {
    outcome check = output_check_write(out);
    if (check.status != OK || check.count > 0) return check;
    wait_writable(out);
  }
}
/* One write of at most `length` bytes, after waiting for its permit; gives the bytes written. */
static inline outcome write_some(output_stream out, const void *bytes, uint32_t length) {
  outcome permit = await_permit(out);
  if (permit.status != OK) return permit;
  uint32_t count = permit.count < length ? (uint32_t)permit.count : length;
  outcome written = output_write(out, bytes, count);
  written.count = count;
  return written;
}
/* As many writes as it takes for all `length` bytes. */
static inline outcome write_fully(output_stream out, const void *bytes, uint32_t length) {
  const uint8_t *rest = bytes;
  while (length > 0) {
    outcome written = write_some(out, rest, length);
    if (written.status != OK) return written;
    rest += written.count;
    length -= (uint32_t)written.count;
  }
  return (outcome){.status = OK};
}

/* ---- Text ------------------------------------------------------------------------------- */

static inline uint32_t length_of(const char *text) {
  uint32_t length = 0;
  while (text[length]) length++;
  return length;
}
static inline bool same_bytes(const void *a, const void *b, size_t length) {
  const uint8_t *x = a, *y = b;
  for (size_t i = 0; i < length; i++)
    if (x[i] != y[i]) return false;
  return true;
}
static inline bool equals(byte_list bytes, const char *text) {
  return bytes.length == length_of(text) && same_bytes(bytes.bytes, text, bytes.length);
}
static inline uint64_t to_number(byte_list digits) {
  uint64_t number = 0;
  for (uint32_t i = 0; i < digits.length; i++) number = number * 10 + (digits.bytes[i] - '0');
  return number;
}

/* Argument number `index` (0 is the program's name); empty if there are fewer. */
static inline byte_list argument(uint32_t index) {
  string_list list = get_arguments();
  return index < list.length ? list.at[index] : (byte_list){0};
}
/* The same as a number, or `otherwise` if there are fewer. */
static inline uint64_t number_argument(uint32_t index, uint64_t otherwise) {
  byte_list digits = argument(index);
  return digits.length > 0 ? to_number(digits) : otherwise;
}

/* ---- The reporter: builds a line, then sends it to stderr in one call --------------------- */

static char line[1024];
static uint32_t line_length;

static inline void add_bytes(byte_list bytes) {
  for (uint32_t i = 0; i < bytes.length && line_length < sizeof line - 1; i++)
    line[line_length++] = (char)bytes.bytes[i];
}
static inline void add(const char *text) {
  add_bytes((byte_list){(const uint8_t *)text, length_of(text)});
}
static inline void add_number(uint64_t number) {
  uint8_t digits[20];
  uint32_t at = sizeof digits;
  do digits[--at] = '0' + number % 10;
  while (number /= 10);
  add_bytes((byte_list){digits + at, sizeof digits - at});
}
static inline void send_line_to(output_stream (*get_stream)(void)) {
  line[line_length++] = '\n';
  output_stream out = get_stream();
  output_blocking_write_and_flush(out, line, line_length);
  output_drop(out);
  line_length = 0;
}
static inline void send_line(void) { send_line_to(get_stderr); }
/* For programs: tells what went wrong, and gives the value for run to return. */
static inline int32_t report_failure(const char *what, outcome came) {
  add(what);
  add(came.status == CLOSED ? ": closed" : ": failed");
  send_line();
  return RUN_ERR;
}

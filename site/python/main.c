// Python as a guest: MicroPython with a prompt in a terminal, and with scripts from files, from an argument, or from its input.
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "extmod/vfs.h"
#include "extmod/vfs_posix.h"
#include "py/builtin.h"
#include "py/compile.h"
#include "py/gc.h"
#include "py/mperrno.h"
#include "py/mphal.h"
#include "py/repl.h"
#include "py/runtime.h"
#include "py/stackctrl.h"

// Here these are libc's.
#undef read
#undef write

// Of the stack in memory. The engine's own holds some more for each call, and ends a guest that leaves none of it.
enum { STACK_BYTES = 224 << 10 };
enum { FIRST_HEAP_BYTES = 1 << 20, MOST_BYTES = 64 << 20, PAGE_BYTES = 64 << 10 };

// ---- What MicroPython asks of its host ----

size_t gc_get_max_new_split(void) {
  size_t bytes = __builtin_wasm_memory_size(0) * PAGE_BYTES;
  return bytes < MOST_BYTES ? MOST_BYTES - bytes : 0;
}

static bool is_collection_due = false;

// Asked for while Python runs: see mpconfigport.h.
void gc_collect(void) { is_collection_due = true; }

// Called where nothing of the heap is in use but what its roots reach.
static void collect(void) {
  if (!is_collection_due) return;
  is_collection_due = false;
  gc_collect_start();
  gc_collect_end();
}

static char output[4096];
static size_t output_length = 0;

// Whether all has left; `errno` says why not.
static bool write_all(int descriptor, const char *bytes, size_t length) {
  while (length > 0) {
    ssize_t written = write(descriptor, bytes, length);
    if (written < 0) return false;
    bytes += written;
    length -= written;
  }
  return true;
}

static bool flush(void) {
  size_t length = output_length;
  output_length = 0;
  return write_all(STDOUT_FILENO, output, length);
}

ssize_t buffered_write(int descriptor, const void *bytes, size_t length) {
  if (descriptor != STDOUT_FILENO) return write(descriptor, bytes, length);
  if (output_length + length > sizeof output && !flush()) return -1;
  if (length > sizeof output) return write(descriptor, bytes, length);
  memcpy(output + output_length, bytes, length);
  output_length += length;
  bool is_due = memchr(bytes, '\n', length) != NULL && isatty(STDOUT_FILENO);
  return is_due && !flush() ? -1 : (ssize_t)length;
}

ssize_t read_after_output(int descriptor, void *bytes, size_t length) {
  if (descriptor == STDIN_FILENO && !flush()) return -1;
  return read(descriptor, bytes, length);
}

mp_uint_t mp_hal_stdout_tx_strn(const char *text, size_t length) {
  buffered_write(STDOUT_FILENO, text, length);
  return length;
}

void mp_hal_stdout_tx_strn_cooked(const char *text, size_t length) { buffered_write(STDOUT_FILENO, text, length); }

void mp_hal_stdout_tx_str(const char *text) { buffered_write(STDOUT_FILENO, text, strlen(text)); }

static void print_error(void *self, const char *text, size_t length) {
  (void)self;
  flush();
  write_all(STDERR_FILENO, text, length);
}

const mp_print_t mp_stderr_print = {NULL, print_error};

static uint64_t nanoseconds(clockid_t clock) {
  struct timespec now;
  clock_gettime(clock, &now);
  return (uint64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

uint64_t mp_hal_time_ns(void) { return nanoseconds(CLOCK_REALTIME); }
mp_uint_t mp_hal_ticks_ms(void) { return nanoseconds(CLOCK_MONOTONIC) / 1000000; }
mp_uint_t mp_hal_ticks_us(void) { return nanoseconds(CLOCK_MONOTONIC) / 1000; }
mp_uint_t mp_hal_ticks_cpu(void) { return nanoseconds(CLOCK_MONOTONIC); }

void mp_hal_delay_us(mp_uint_t us) {
  struct timespec time = {us / 1000000, us % 1000000 * 1000};
  nanosleep(&time, NULL);
}

void mp_hal_delay_ms(mp_uint_t ms) {
  struct timespec time = {ms / 1000, ms % 1000 * 1000000};
  nanosleep(&time, NULL);
}

unsigned long random_seed(void) {
  unsigned long seed;
  getentropy(&seed, sizeof seed);
  return seed;
}

// A line of standard input without its end. The terminal edits it.
int read_line(vstr_t *line, const char *prompt) {
  mp_hal_stdout_tx_str(prompt);
  for (;;) {
    char character;
    if (read_after_output(STDIN_FILENO, &character, 1) <= 0) return line->len > 0 ? 0 : 4;  // The end: as Ctrl-D.
    if (character == '\n') return 0;
    vstr_add_char(line, character);
  }
}

void nlr_jump_fail(void *value) {
  (void)value;
  _Exit(EXIT_FAILURE);
}

// ---- What it does ----

// The exit code of `raise SystemExit(value)`.
static int exit_code(mp_obj_t exception) {
  mp_obj_t value = mp_obj_exception_get_value(exception);
  mp_int_t code;
  if (value == mp_const_none) return EXIT_SUCCESS;
  if (mp_obj_get_int_maybe(value, &code)) return code & 255;
  mp_obj_print_helper(&mp_stderr_print, value, PRINT_STR);
  mp_print_str(&mp_stderr_print, "\n");
  return EXIT_FAILURE;
}

// Takes the lexer. An exit code, or -1 if the prompt may go on.
static int execute(mp_lexer_t *lexer, mp_parse_input_kind_t kind) {
  nlr_buf_t nlr;
  if (nlr_push(&nlr) != 0) {
    mp_obj_t exception = MP_OBJ_FROM_PTR(nlr.ret_val);
    if (mp_obj_is_subclass_fast(MP_OBJ_FROM_PTR(mp_obj_get_type(exception)), MP_OBJ_FROM_PTR(&mp_type_SystemExit))) {
      return exit_code(exception);
    }
    mp_obj_print_exception(&mp_stderr_print, exception);
    return kind == MP_PARSE_SINGLE_INPUT ? -1 : EXIT_FAILURE;
  }
  qstr name = lexer->source_name;
  mp_parse_tree_t tree = mp_parse(lexer, kind);
  mp_call_function_0(mp_compile(&tree, name, kind == MP_PARSE_SINGLE_INPUT));
  nlr_pop();
  return kind == MP_PARSE_SINGLE_INPUT ? -1 : EXIT_SUCCESS;
}

static int prompt(void) {
  mp_hal_stdout_tx_str("MicroPython " MICROPY_VERSION_STRING ", in WebAssembly. Ctrl-D ends it.\n");
  for (;;) {
    collect();
    vstr_t text;
    vstr_init(&text, 32);
    if (read_line(&text, ">>> ") != 0) break;
    while (mp_repl_continue_with_input(vstr_null_terminated_str(&text))) {
      vstr_add_char(&text, '\n');
      size_t before = text.len;
      if (read_line(&text, "... ") != 0 && text.len == before) break;
    }
    mp_lexer_t *lexer = mp_lexer_new_from_str_len(MP_QSTR__lt_stdin_gt_, text.buf, text.len, 0);
    int code = execute(lexer, MP_PARSE_SINGLE_INPUT);
    if (code >= 0) return code;
  }
  mp_hal_stdout_tx_str("\n");
  return EXIT_SUCCESS;
}

static void set_arguments(int argc, char **argv) {
  mp_obj_list_init(MP_OBJ_TO_PTR(mp_sys_argv), 0);
  for (int at = 0; at < argc; at++) mp_obj_list_append(mp_sys_argv, mp_obj_new_str(argv[at], strlen(argv[at])));
}

static mp_lexer_t *lexer_of(const char *path) {
  nlr_buf_t nlr;
  if (nlr_push(&nlr) != 0) {
    mp_printf(&mp_stderr_print, "python: %s cannot be read\n", path);
    return NULL;
  }
  mp_lexer_t *lexer = mp_lexer_new_from_file(qstr_from_str(path));
  nlr_pop();
  return lexer;
}

static void mount_root(void) {
  mp_obj_t root = MP_OBJ_TYPE_GET_SLOT(&mp_type_vfs_posix, make_new)(&mp_type_vfs_posix, 0, 0, NULL);
  mp_obj_t arguments[] = {root, MP_OBJ_NEW_QSTR(MP_QSTR__slash_)};
  mp_vfs_mount(2, arguments, (mp_map_t *)&mp_const_empty_map);
  MP_STATE_VM(vfs_cur) = MP_STATE_VM(vfs_mount_table);
}

// python: a prompt in a terminal, and elsewhere the script that comes in. python FILE ARGUMENT...; python -c SOURCE ARGUMENT...
static int play(int argc, char **argv) {
  char *heap = malloc(FIRST_HEAP_BYTES);
  if (heap == NULL) return EXIT_FAILURE;
  mp_stack_ctrl_init();
  mp_stack_set_limit(STACK_BYTES);
  gc_init(heap, heap + FIRST_HEAP_BYTES);
  mp_init();
  mount_root();
  mp_obj_list_append(mp_sys_path, MP_OBJ_NEW_QSTR(MP_QSTR__slash_));

  if (argc > 2 && strcmp(argv[1], "-c") == 0) {
    const char *source = argv[2];
    argv[2] = argv[1];
    set_arguments(argc - 2, argv + 2);
    return execute(mp_lexer_new_from_str_len(MP_QSTR__lt_string_gt_, source, strlen(source), 0), MP_PARSE_FILE_INPUT);
  }
  if (argc > 1) {
    set_arguments(argc - 1, argv + 1);
    mp_lexer_t *lexer = lexer_of(argv[1]);
    return lexer == NULL ? EXIT_FAILURE : execute(lexer, MP_PARSE_FILE_INPUT);
  }
  if (isatty(STDIN_FILENO)) return prompt();
  return execute(mp_lexer_new_from_fd(MP_QSTR__lt_stdin_gt_, STDIN_FILENO, false), MP_PARSE_FILE_INPUT);
}

int main(int argc, char **argv) {
  int code = play(argc, argv);
  return flush() ? code : EXIT_FAILURE;
}

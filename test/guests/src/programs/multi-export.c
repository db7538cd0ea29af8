/* The exports of multi-export.wit. */
#include "wasi.h"

#define DEMO(name) WASM_EXPORT("sluice:guests/demo#" name)

DEMO("add") uint32_t add_numbers(uint32_t a, uint32_t b) { return a + b; }

DEMO("greet") byte_list *greet(const char *name, uint32_t length) {
  static const char before[] = "hello, ";
  static byte_list result;
  uint8_t *text = cabi_realloc(NULL, 0, 1, sizeof before - 1 + length);
  __builtin_memcpy(text, before, sizeof before - 1);
  __builtin_memcpy(text + sizeof before - 1, name, length);
  result = (byte_list){text, sizeof before - 1 + length};
  return &result;
}
/* The host has copied the result; it and the argument can go. */
WASM_EXPORT("cabi_post_sluice:guests/demo#greet") void greet_done(byte_list *result) {
  (void)result;
  arena_reset();
}

DEMO("wait-ns") void wait_ns(uint64_t ns) { sleep_ns(ns); }

DEMO("say") void say(const char *text, uint32_t length) {
  output_stream out = get_stdout();
  write_fully(out, text, length);
  write_fully(out, "\n", 1);
  output_blocking_flush(out);
  output_drop(out);
  arena_reset();
}

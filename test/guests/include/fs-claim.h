/* A claim guest that is about files: it works below its first preopened directory. */
#pragma once
#include "claim.h"
#include "fs.h"

/* The first preopened directory. */
static inline descriptor top(void) {
  static descriptor handle;
  static bool known;
  if (!known) {
    preopened_list directories = get_directories();
    if (directories.length == 0) fail("expected a preopened directory");
    handle = directories.at[0].handle;
    known = true;
  }
  return handle;
}

/* ---- Expecting -------------------------------------------------------------------------- */

static inline fs_answer expect_code(const char *what, fs_code expected, fs_answer came) {
  if (came.code == expected) return came;
  line_length = 0;
  add("FAIL: ");
  add(what);
  add(": expected ");
  add(fs_code_names[expected]);
  add(", came ");
  add(fs_code_names[came.code]);
  send_line();
  exit_with(RUN_ERR);
}
/* The value: a handle, or whatever the call gives. */
static inline uint32_t expect_value(const char *what, fs_answer came) {
  return (uint32_t)expect_code(what, FS_OK, came).value;
}
static inline void expect_done(const char *what, fs_answer came) {
  expect_code(what, FS_OK, came);
}
static inline descriptor_stat expect_stat(const char *what, stat_answer came) {
  expect_code(what, FS_OK, (fs_answer){.code = came.code});
  return came.stat;
}
static inline metadata_hash_value expect_hash(const char *what, hash_answer came) {
  expect_code(what, FS_OK, (fs_answer){.code = came.code});
  return came.hash;
}

/* ---- Files ------------------------------------------------------------------------------ */

static inline descriptor open_file(const char *path, int32_t open_flags, int32_t flags) {
  return expect_value(path, open_at(top(), SYMLINK_FOLLOW, path, open_flags, flags));
}
/* Makes a file, or what was in it new. */
static inline void put_file(descriptor directory, const char *path, const char *text) {
  descriptor file =
      expect_value(path, open_at(directory, SYMLINK_FOLLOW, path, CREATE | TRUNCATE, WRITE));
  uint32_t length = length_of(text);
  expect_count("write", length, expect_value("write", file_write(file, text, length, 0)));
  descriptor_drop(file);
}
/* The whole file, which is short, must be this. */
static inline void expect_bytes(descriptor file, const void *expected, uint32_t length) {
  fs_answer all = expect_code("read", FS_OK, file_read(file, 65536, 0));
  if (all.bytes.length == length && same_bytes(all.bytes.bytes, expected, length)) return;
  line_length = 0;
  add("FAIL: expected the file to be \"");
  add_bytes((byte_list){expected, length});
  add("\", it is \"");
  add_bytes(all.bytes);
  add("\"");
  send_line();
  exit_with(RUN_ERR);
}
static inline void expect_file(descriptor directory, const char *path, const char *text) {
  descriptor file = expect_value(path, open_at(directory, SYMLINK_FOLLOW, path, OPEN, READ));
  expect_bytes(file, text, length_of(text));
  descriptor_drop(file);
}

/* ---- Printing --------------------------------------------------------------------------- */

/* Sends the line of the reporter to stdout. */
static inline void print_line(void) { send_line_to(get_stdout); }

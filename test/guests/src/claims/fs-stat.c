/* Claim: stat, stat-at, get-type and the entries of a directory tell the same about an object.
 * Plays in a directory with `file` (5 bytes), `hard` (another name of it), `empty`, `sub/`,
 * `sub/inner` and `link -> file`.
 * Rules: wasi:filesystem stat, stat-at, get-type, get-flags, read-directory */
#include "fs-claim.h"

static void expect_object(const char *path, enum descriptor_type type, uint64_t size) {
  descriptor_stat by_path = expect_stat(path, stat_at(top(), NO_FOLLOW, path));
  expect_count(path, type, by_path.type);
  if (type != DIRECTORY) expect_count(path, size, by_path.size);
  expect(by_path.link_count >= 1, "a link count of 1 or more");
  expect(by_path.accessed.is_some && by_path.modified.is_some && by_path.changed.is_some,
         "all three timestamps");
  if (type == SYMBOLIC_LINK) return;

  descriptor object = open_file(path, OPEN, READ);
  descriptor_stat by_descriptor = expect_stat(path, stat(object));
  expect_count(path, type, expect_value("get-type", get_type(object)));
  expect_count(path, type, by_descriptor.type);
  expect_count(path, by_path.size, by_descriptor.size);
  expect_count(path, by_path.link_count, by_descriptor.link_count);
  expect(same_bytes(&by_path.modified.time.seconds, &by_descriptor.modified.time.seconds, 8) &&
             by_path.modified.time.nanoseconds == by_descriptor.modified.time.nanoseconds,
         "the same modification time");
  descriptor_drop(object);
}

static void expect_flags(const char *path, int32_t open_flags, uint32_t flags) {
  descriptor object = open_file(path, open_flags, (int32_t)flags);
  /* Whether a directory can be changed may show without having been asked for. */
  uint32_t came = expect_value("get-flags", get_flags(object)) & ~(uint32_t)MUTATE_DIRECTORY;
  expect_count(path, flags, came);
  descriptor_drop(object);
}

/* Each entry once, with its type, and neither `.` nor `..`. */
static void expect_entries(void) {
  static const struct { const char *name; enum descriptor_type type; } expected[] = {
    {"file", REGULAR_FILE}, {"hard", REGULAR_FILE}, {"empty", REGULAR_FILE},
    {"sub", DIRECTORY}, {"link", SYMBOLIC_LINK},
  };
  enum { COUNT = sizeof expected / sizeof *expected };
  uint32_t seen = 0;
  entry_stream entries = expect_value("read-directory", read_directory(top()));
  for (;;) {
    entry_answer next = read_directory_entry(entries);
    expect_code("read-directory-entry", FS_OK, (fs_answer){.code = next.code});
    if (!next.is_some) break;
    uint32_t i = 0;
    while (i < COUNT && !equals(next.entry.name, expected[i].name)) i++;
    expect(i < COUNT, "only entries that are there");
    expect_count(expected[i].name, expected[i].type, next.entry.type);
    expect(!(seen & 1u << i), "each entry once");
    seen |= 1u << i;
  }
  expect_count("all entries", (1u << COUNT) - 1, seen);
  entry_answer after = read_directory_entry(entries);
  expect(after.code == FS_OK && !after.is_some, "nothing after the last entry");
  entry_stream_drop(entries);
}

static void claim(void) {
  expect_object("file", REGULAR_FILE, 5);
  expect_object("empty", REGULAR_FILE, 0);
  expect_object("sub", DIRECTORY, 0);
  expect_object("sub/inner", REGULAR_FILE, 1);
  expect_object("link", SYMBOLIC_LINK, 4);
  expect_object(".", DIRECTORY, 0);
  expect_count("links", 2, expect_stat("stat", stat_at(top(), NO_FOLLOW, "file")).link_count);
  expect_count("links", 1, expect_stat("stat", stat_at(top(), NO_FOLLOW, "empty")).link_count);
  expect_count("type", DIRECTORY, expect_value("get-type", get_type(top())));
  expect_flags("file", OPEN, READ);
  expect_flags("file", OPEN, WRITE);
  expect_flags("file", OPEN, READ | WRITE);
  expect_flags("sub", OPEN_DIRECTORY, READ);
  expect_entries();
  expect_code("read-directory of a file", FS_NOT_DIRECTORY,
              read_directory(open_file("file", OPEN, READ)));
}

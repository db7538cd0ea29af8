/* Claim: below a read-only preopened directory everything can be read, and nothing changed.
 * Plays in a directory with `file` (5 bytes), `sub/`, `sub/inner` and `link -> file`.
 * Rules: wasi:filesystem, error-code not-permitted; 8.1 */
#include "fs-claim.h"

static void refused(const char *what, fs_answer came) {
  expect_code(what, FS_NOT_PERMITTED, came);
}
static fs_answer opened(const char *path, int32_t open_flags, int32_t flags) {
  return open_at(top(), SYMLINK_FOLLOW, path, open_flags, flags);
}

static void read_everything(void) {
  expect_file(top(), "file", "hello");
  expect_file(top(), "link", "hello");
  expect_file(top(), "sub/inner", "1");
  expect_count("size", 5, expect_stat("stat", stat_at(top(), NO_FOLLOW, "file")).size);
  expect(equals(expect_code("readlink", FS_OK, readlink_at(top(), "link")).bytes, "file"),
         "the target of the link");
  entry_stream_drop(expect_value("read-directory", read_directory(top())));
  expect_count("flags", READ, expect_value("get-flags", get_flags(top())));
}

static void change_paths(descriptor directory) {
  refused("create", open_at(directory, SYMLINK_FOLLOW, "new", CREATE, WRITE));
  refused("create to read", open_at(directory, SYMLINK_FOLLOW, "new", CREATE, READ));
  refused("create-directory-at", create_directory_at(directory, "new"));
  refused("symlink-at", symlink_at(directory, "file", "new"));
  refused("unlink-file-at", unlink_file_at(directory, "inner"));
  refused("unlink-file-at of nothing", unlink_file_at(directory, "none"));
  refused("remove-directory-at", remove_directory_at(directory, "empty"));
  refused("rename-at", rename_at(directory, "inner", directory, "new"));
  refused("link-at", link_at(directory, NO_FOLLOW, "inner", directory, "new"));
  refused("set-times-at", set_times_at(directory, NO_FOLLOW, "inner", NOW, NOW));
  refused("set-times of a directory", set_times(directory, NOW, NOW));
}

static void claim(void) {
  read_everything();
  descriptor sub = open_file("sub", OPEN_DIRECTORY, READ);
  change_paths(top());
  change_paths(sub);

  refused("open to write", opened("file", OPEN, WRITE));
  refused("open to read and write", opened("file", OPEN, READ | WRITE));
  refused("open to write through a link", opened("link", OPEN, WRITE));
  refused("truncate", opened("file", TRUNCATE, WRITE));
  refused("truncate to read", opened("file", TRUNCATE, READ));
  refused("create what is there", opened("file", CREATE, READ));
  /* Whether the flag is refused or ignored is up to the host. */
  fs_answer mutable = opened("sub", OPEN_DIRECTORY, READ | MUTATE_DIRECTORY);
  if (mutable.code == FS_OK) change_paths((descriptor)mutable.value);
  else refused("open a directory to mutate it", mutable);

  descriptor file = open_file("file", OPEN, READ);
  expect_count("flags", READ, expect_value("get-flags", get_flags(file)));
  refused("write", file_write(file, "x", 1, 0));
  refused("write-via-stream", write_via_stream(file, 0));
  refused("append-via-stream", append_via_stream(file));
  refused("set-size", set_size(file, 0));
  refused("set-times", set_times(file, NOW, NOW));
  expect_file(top(), "file", "hello");
}

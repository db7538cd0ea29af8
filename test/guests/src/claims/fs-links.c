/* Claim: links are made, read and followed; none leads out of the preopened directory.
 * Plays in a directory with `outside -> ../secret`, `absolute -> /etc` and `sub/back -> ../file`.
 * Rules: wasi:filesystem link-at, symlink-at, readlink-at, open-at */
#include "fs-claim.h"

static void expect_target(const char *path, const char *target) {
  fs_answer link = expect_code(path, FS_OK, readlink_at(top(), path));
  expect(equals(link.bytes, target), "readlink-at to give the target");
}
static void expect_out(const char *path) {
  expect_code("open out of the directory", FS_NOT_PERMITTED,
              open_at(top(), SYMLINK_FOLLOW, path, OPEN, READ));
  expect_code("create out of the directory", FS_NOT_PERMITTED,
              open_at(top(), SYMLINK_FOLLOW, path, CREATE, WRITE));
  expect_code("stat out of the directory", FS_NOT_PERMITTED,
              (fs_answer){.code = stat_at(top(), SYMLINK_FOLLOW, path).code});
}

static void hard_links(void) {
  expect_done("link-at", link_at(top(), NO_FOLLOW, "file", top(), "hard"));
  expect_count("links", 2, expect_stat("stat", stat_at(top(), NO_FOLLOW, "hard")).link_count);
  put_file(top(), "hard", "new");
  expect_file(top(), "file", "new");
  expect_code("link-at over a file", FS_EXIST, link_at(top(), NO_FOLLOW, "file", top(), "hard"));
  expect_code("link-at of nothing", FS_NO_ENTRY, link_at(top(), NO_FOLLOW, "none", top(), "x"));

  descriptor sub = open_file("sub", OPEN_DIRECTORY, READ | MUTATE_DIRECTORY);
  expect_done("link-at into a directory", link_at(top(), NO_FOLLOW, "file", sub, "hard"));
  expect_count("links", 3, expect_stat("stat", stat_at(sub, NO_FOLLOW, "hard")).link_count);
  expect_done("unlink-file-at", unlink_file_at(top(), "file"));
  expect_file(top(), "sub/hard", "new");
  expect_done("link-at out of a directory", link_at(sub, NO_FOLLOW, "hard", top(), "file"));
}

static void symbolic_links(void) {
  expect_done("symlink-at", symlink_at(top(), "file", "soft"));
  expect_target("soft", "file");
  expect_file(top(), "soft", "new");
  expect(expect_stat("stat", stat_at(top(), NO_FOLLOW, "soft")).type == SYMBOLIC_LINK, "a link");
  expect(expect_stat("stat", stat_at(top(), SYMLINK_FOLLOW, "soft")).type == REGULAR_FILE,
         "a file behind the link");
  expect_count("the size of a link", 4, expect_stat("stat", stat_at(top(), NO_FOLLOW, "soft")).size);
  expect_code("open-at of a link itself", FS_LOOP, open_at(top(), NO_FOLLOW, "soft", OPEN, READ));
  expect_code("symlink-at over a link", FS_EXIST, symlink_at(top(), "file", "soft"));
  expect_code("readlink-at of a file", FS_INVALID, readlink_at(top(), "file"));
  expect_done("unlink-file-at of a link", unlink_file_at(top(), "soft"));
  expect_file(top(), "file", "new");

  expect_file(top(), "sub/back", "new");
  expect_target("sub/back", "../file");
  expect_done("symlink-at to nothing", symlink_at(top(), "none", "dangling"));
  expect_target("dangling", "none");
  put_file(top(), "dangling", "made through a link");
  expect_file(top(), "none", "made through a link");
  expect_done("symlink-at to a directory", symlink_at(top(), "sub", "to-sub"));
  expect_file(top(), "to-sub/hard", "new");
}

static void out_of_the_directory(void) {
  expect_code("symlink-at to /etc", FS_NOT_PERMITTED, symlink_at(top(), "/etc", "escape"));
  expect_out("outside");
  expect_out("absolute");
  expect_out("absolute/hosts");
  expect_target("outside", "../secret");
  expect_code("link-at of what a link outside names", FS_NOT_PERMITTED,
              link_at(top(), NO_FOLLOW, "absolute/hosts", top(), "x"));
  expect_code("rename-at out", FS_NOT_PERMITTED, rename_at(top(), "file", top(), "../file"));
  /* A descriptor is a sandbox of its own. */
  descriptor sub = open_file("sub", OPEN_DIRECTORY, READ | MUTATE_DIRECTORY);
  expect_code("open-at out of a directory", FS_NOT_PERMITTED,
              open_at(sub, SYMLINK_FOLLOW, "back", OPEN, READ));
  expect_done("symlink-at that leads out", symlink_at(sub, "../..", "up"));
  expect_out("sub/up/secret");
}

static void claim(void) {
  put_file(top(), "file", "old");
  hard_links();
  symbolic_links();
  out_of_the_directory();
}

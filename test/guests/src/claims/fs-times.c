/* Claim: set-times and set-times-at set what they are told to, and stat shows it.
 * Rules: wasi:filesystem set-times, set-times-at, stat */
#include "fs-claim.h"

static const datetime a_time = {1000000000, 123456500}, b_time = {1700000000, 0};

static new_timestamp at(datetime time) { return timestamp(time.seconds, time.nanoseconds); }

/* The same microsecond: that precise a host has to be. */
static void expect_time(const char *what, datetime expected, optional_datetime came) {
  if (!came.is_some) fail(what);
  expect_count(what, expected.seconds, came.time.seconds);
  expect_count(what, expected.nanoseconds / 1000, came.time.nanoseconds / 1000);
}
static void expect_now(const char *what, optional_datetime came) {
  datetime now;
  wall_now(&now);
  expect(came.is_some && came.time.nanoseconds < 1000000000, what);
  expect(came.time.seconds + 60 > now.seconds && came.time.seconds < now.seconds + 60, what);
}
static descriptor_stat of_path(int32_t path_flags, const char *path) {
  return expect_stat(path, stat_at(top(), path_flags, path));
}

static void by_descriptor(void) {
  descriptor file = open_file("file", CREATE, READ | WRITE);
  descriptor_stat fresh = expect_stat("stat", stat(file));
  expect_now("the access time of a new file", fresh.accessed);
  expect_now("the modification time of a new file", fresh.modified);
  expect_now("the change time of a new file", fresh.changed);

  expect_done("set-times", set_times(file, at(a_time), at(b_time)));
  descriptor_stat set = expect_stat("stat", stat(file));
  expect_time("the access time that was set", a_time, set.accessed);
  expect_time("the modification time that was set", b_time, set.modified);
  expect_now("the change time, which cannot be set", set.changed);

  expect_done("set-times", set_times(file, NO_CHANGE, at(a_time)));
  set = expect_stat("stat", stat(file));
  expect_time("the access time that was left", a_time, set.accessed);
  expect_time("the modification time that was set", a_time, set.modified);

  expect_done("set-times", set_times(file, NOW, NO_CHANGE));
  set = expect_stat("stat", stat(file));
  expect_now("the access time that was set to now", set.accessed);
  expect_time("the modification time that was left", a_time, set.modified);

  expect_done("set-times", set_times(file, NO_CHANGE, NO_CHANGE));
  expect_time("the modification time that was left", a_time, expect_stat("stat", stat(file)).modified);
  expect_count("write", 1, expect_value("write", file_write(file, "x", 1, 0)));
  expect_now("the modification time after a write", expect_stat("stat", stat(file)).modified);
}

static void by_path(void) {
  expect_done("symlink-at", symlink_at(top(), "file", "link"));
  expect_done("set-times-at", set_times_at(top(), NO_FOLLOW, "file", at(b_time), at(a_time)));
  expect_time("the access time that was set", b_time, of_path(NO_FOLLOW, "file").accessed);
  expect_time("the modification time that was set", a_time, of_path(NO_FOLLOW, "file").modified);

  expect_done("set-times-at through a link",
              set_times_at(top(), SYMLINK_FOLLOW, "link", NO_CHANGE, at(b_time)));
  expect_time("the time of the file", b_time, of_path(SYMLINK_FOLLOW, "link").modified);
  expect_now("the time of the link", of_path(NO_FOLLOW, "link").modified);

  expect_done("set-times-at of a link",
              set_times_at(top(), NO_FOLLOW, "link", NO_CHANGE, at(a_time)));
  expect_time("the time of the link", a_time, of_path(NO_FOLLOW, "link").modified);
  expect_time("the time of the file", b_time, of_path(NO_FOLLOW, "file").modified);

  expect_done("create-directory-at", create_directory_at(top(), "directory"));
  expect_done("set-times-at of a directory",
              set_times_at(top(), NO_FOLLOW, "directory", at(a_time), at(a_time)));
  expect_time("the time of the directory", a_time, of_path(NO_FOLLOW, "directory").modified);
  expect_done("set-times-at to now", set_times_at(top(), NO_FOLLOW, "directory", NOW, NOW));
  expect_now("the time of the directory", of_path(NO_FOLLOW, "directory").modified);

  expect_code("set-times-at of nothing", FS_NO_ENTRY,
              set_times_at(top(), SYMLINK_FOLLOW, "none", NOW, NOW));
  expect_code("set-times-at out of the directory", FS_NOT_PERMITTED,
              set_times_at(top(), SYMLINK_FOLLOW, "../file", NOW, NOW));
}

static void claim(void) {
  by_descriptor();
  by_path();
}

/* Claim: what each call says to each kind of path. Prints a line each: `CALL PATH: ERROR-CODE`,
 * or `ok`. With an argument, only the lines of that call.
 *
 * Each call finds the same objects, in a directory of its own below the preopened one, which is
 * the sandbox: `file`, `dir/`, `full/child`, `to-file -> file`, `to-dir -> dir`, `loop -> loop`,
 * `dangling -> missing`, `up -> ..`.
 *
 * The WIT text fixes little of what is expected: `not-permitted` of a path that is absolute or
 * leads out, and of a link to an absolute path. For the rest Wasmtime mostly hands on what Linux
 * says, such as `is-directory` of any creation with a slash at the end, `busy` of a rename of `.`,
 * `loop` of an open that does not follow, `not-permitted` of a hard link to a directory. Its own:
 *  - link-follow is `invalid`, whatever the path.
 *  - With a slash at the end, rmdir of a directory is `invalid` (Linux: `ok`); and unlink, rmdir,
 *    symlink-as and link-as look where a link leads (Linux: `not-directory`, or `exist`).
 *  - rmdir of `dir/..` is `invalid` (Linux: `not-empty`), a rename of `dir/.` `busy`.
 *  - A directory used as a file is `bad-descriptor`.
 *  - Times: 10^9 nanoseconds are `ok`, seconds beyond what the system has `overflow`.
 * Rules: wasi:filesystem, all calls with a path */
#include "fs-claim.h"

/* ---- The objects ------------------------------------------------------------------------ */

static descriptor here;
static uint32_t rounds;

/* A new directory with all objects, in place of the last. */
static void make_objects(void) {
  char name[12];
  uint32_t at = sizeof name - 1, number = rounds++;
  name[at] = 0;
  do name[--at] = (char)('0' + number % 10);
  while (number /= 10);
  if (rounds > 1) descriptor_drop(here);
  expect_done("create-directory-at", create_directory_at(top(), name + at));
  here = expect_value("open-at", open_at(top(), NO_FOLLOW, name + at, OPEN_DIRECTORY,
                                         READ | MUTATE_DIRECTORY));
  put_file(here, "file", "content");
  expect_done("create-directory-at", create_directory_at(here, "dir"));
  expect_done("create-directory-at", create_directory_at(here, "full"));
  put_file(here, "full/child", "");
  static const char *const links[][2] = {
    {"file", "to-file"}, {"dir", "to-dir"}, {"loop", "loop"}, {"missing", "dangling"},
    {"..", "up"},
  };
  for (uint32_t i = 0; i < sizeof links / sizeof *links; i++)
    expect_done("symlink-at", symlink_at(here, links[i][0], links[i][1]));
}

/* ---- The calls -------------------------------------------------------------------------- */

/* Closes what was opened; what is left of an answer is its code. */
static fs_code closed(fs_answer opened) {
  if (opened.code == FS_OK) descriptor_drop((descriptor)opened.value);
  return opened.code;
}
static fs_code open(const char *path) { return closed(open_at(here, NO_FOLLOW, path, OPEN, READ)); }
static fs_code open_follow(const char *path) {
  return closed(open_at(here, SYMLINK_FOLLOW, path, OPEN, READ));
}
static fs_code open_directory(const char *path) {
  return closed(open_at(here, SYMLINK_FOLLOW, path, OPEN_DIRECTORY, READ));
}
static fs_code open_write(const char *path) {
  return closed(open_at(here, SYMLINK_FOLLOW, path, OPEN, WRITE));
}
static fs_code create(const char *path) {
  return closed(open_at(here, SYMLINK_FOLLOW, path, CREATE, WRITE));
}
static fs_code create_exclusive(const char *path) {
  return closed(open_at(here, NO_FOLLOW, path, CREATE | EXCLUSIVE, WRITE));
}
static fs_code stat_itself(const char *path) { return stat_at(here, NO_FOLLOW, path).code; }
static fs_code stat_follow(const char *path) { return stat_at(here, SYMLINK_FOLLOW, path).code; }
static fs_code hash(const char *path) { return metadata_hash_at(here, NO_FOLLOW, path).code; }
static fs_code readlink(const char *path) { return readlink_at(here, path).code; }
static fs_code set_times_itself(const char *path) {
  return set_times_at(here, NO_FOLLOW, path, NOW, NOW).code;
}
static fs_code set_times_follow(const char *path) {
  return set_times_at(here, SYMLINK_FOLLOW, path, NOW, NOW).code;
}
static fs_code mkdir(const char *path) { return create_directory_at(here, path).code; }
static fs_code rmdir(const char *path) { return remove_directory_at(here, path).code; }
static fs_code unlink(const char *path) { return unlink_file_at(here, path).code; }
static fs_code symlink_to(const char *path) { return symlink_at(here, path, "new").code; }
static fs_code symlink_as(const char *path) { return symlink_at(here, "file", path).code; }
static fs_code link_from(const char *path) {
  return link_at(here, NO_FOLLOW, path, here, "new").code;
}
static fs_code link_follow(const char *path) {
  return link_at(here, SYMLINK_FOLLOW, path, here, "new").code;
}
static fs_code link_as(const char *path) {
  return link_at(here, NO_FOLLOW, "file", here, path).code;
}
static fs_code rename_from(const char *path) { return rename_at(here, path, here, "new").code; }
static fs_code rename_file_to(const char *path) {
  return rename_at(here, "file", here, path).code;
}
static fs_code rename_directory_to(const char *path) {
  return rename_at(here, "full", here, path).code;
}

static const struct {
  const char *name;
  fs_code (*play)(const char *path);
  bool changes; /* the objects, if it succeeds */
} calls[] = {
  {"open", open, false},
  {"open-follow", open_follow, false},
  {"open-directory", open_directory, false},
  {"open-write", open_write, false},
  {"create", create, true},
  {"create-exclusive", create_exclusive, true},
  {"stat", stat_itself, false},
  {"stat-follow", stat_follow, false},
  {"hash", hash, false},
  {"readlink", readlink, false},
  {"set-times", set_times_itself, false},
  {"set-times-follow", set_times_follow, false},
  {"mkdir", mkdir, true},
  {"rmdir", rmdir, true},
  {"unlink", unlink, true},
  {"symlink-to", symlink_to, true},
  {"symlink-as", symlink_as, true},
  {"link-from", link_from, true},
  {"link-follow", link_follow, true},
  {"link-as", link_as, true},
  {"rename-from", rename_from, true},
  {"rename-file-to", rename_file_to, true},
  {"rename-directory-to", rename_directory_to, true},
};

/* ---- The paths -------------------------------------------------------------------------- */

static char name_of_255[256], name_of_300[301], path_of_5000[5001];

static const struct { const char *path, *shown; } paths[] = {
  {"", 0}, {".", 0}, {"./", 0}, {"..", 0}, {"../", 0}, {"../x", 0}, {"dir/../../x", 0},
  {"/", 0}, {"/file", 0}, {"//file", 0}, {"up", 0}, {"up/", 0}, {"up/x", 0},
  {"file", 0}, {"./file", 0}, {".//file", 0}, {"dir/../file", 0}, {"to-dir/../file", 0},
  {"missing/../file", 0}, {"file/../file", 0},
  {"file/", 0}, {"file//", 0}, {"file/.", 0}, {"file/..", 0}, {"file/x", 0},
  {"dir", 0}, {"dir/", 0}, {"dir/.", 0}, {"dir/..", 0}, {"dir/x", 0},
  {"full", 0}, {"full/", 0}, {"full/child", 0},
  {"missing", 0}, {"missing/", 0}, {"missing/.", 0}, {"missing/..", 0}, {"missing/x", 0},
  {"to-file", 0}, {"to-file/", 0}, {"to-file/x", 0},
  {"to-dir", 0}, {"to-dir/", 0}, {"to-dir/.", 0}, {"to-dir/x", 0},
  {"loop", 0}, {"loop/", 0}, {"loop/x", 0},
  {"dangling", 0}, {"dangling/", 0}, {"dangling/x", 0},
  {name_of_255, "(255 bytes)"}, {name_of_300, "(300 bytes)"}, {path_of_5000, "(5000 bytes)"},
};

/* `a` as often as it fits; with a slash after every ninth. */
static void make_long_paths(void) {
  __builtin_memset(name_of_255, 'a', sizeof name_of_255 - 1);
  __builtin_memset(name_of_300, 'a', sizeof name_of_300 - 1);
  for (uint32_t i = 0; i < sizeof path_of_5000 - 1; i++) path_of_5000[i] = i % 10 == 9 ? '/' : 'a';
  path_of_5000[sizeof path_of_5000 - 2] = 'a';
}

/* ---- A NUL byte, which no C string has -------------------------------------------------- */

static void tell(const char *call, const char *path, fs_code code) {
  add(call);
  add(" `");
  add(path);
  add("`: ");
  add(fs_code_names[code]);
  print_line();
}

static void play_nul_byte(void) {
  static const char path[] = "fi\0le", shown[] = "fi\\0le";
  fs_result_handle opened;
  open_at_(here, NO_FOLLOW, path, sizeof path - 1, CREATE, WRITE, &opened);
  tell("create", shown, closed(of_handle(opened)));
  fs_result_stat status;
  stat_at_(here, NO_FOLLOW, path, sizeof path - 1, &status);
  tell("stat", shown, of_stat(status).code);
  fs_result_byte done;
  create_directory_at_(here, path, sizeof path - 1, &done);
  tell("mkdir", shown, of_nothing(done).code);
  unlink_file_at_(here, path, sizeof path - 1, &done);
  tell("unlink", shown, of_nothing(done).code);
  symlink_at_(here, path, sizeof path - 1, "new", 3, &done);
  tell("symlink-to", shown, of_nothing(done).code);
}

/* ---- What takes no path ----------------------------------------------------------------- */

static void play_descriptors(void) {
  descriptor file = expect_value("open", open_at(here, NO_FOLLOW, "file", OPEN, READ)),
             writable = expect_value("open", open_at(here, NO_FOLLOW, "file", OPEN, WRITE)),
             directory = expect_value("open", open_at(here, NO_FOLLOW, "dir", OPEN, READ));
  tell("read", "dir", file_read(directory, 1, 0).code);
  tell("write", "dir", file_write(directory, "x", 1, 0).code);
  tell("set-size", "dir", set_size(directory, 0).code);
  tell("advise", "dir", advise(directory, 0, 0, 0).code);
  tell("sync", "dir", sync(directory).code);
  tell("sync-data", "dir", sync_data(directory).code);
  tell("read-via-stream", "dir", read_via_stream(directory, 0).code);
  tell("write-via-stream", "dir", write_via_stream(directory, 0).code);
  tell("append-via-stream", "dir", append_via_stream(directory).code);
  tell("read-directory", "file", read_directory(file).code);
  tell("open-at below", "file", open_at(file, NO_FOLLOW, "x", OPEN, READ).code);
  tell("stat-at below", "file", stat_at(file, NO_FOLLOW, "x").code);
  tell("mkdir below", "file", create_directory_at(file, "x").code);
  tell("rename to below", "file", rename_at(here, "dir", file, "x").code);
  tell("sync", "file", sync(file).code);
  tell("advise", "file", advise(file, 0, 0, 0).code);
  tell("advise beyond all", "file", advise(file, UINT64_MAX, UINT64_MAX, 0).code);
  tell("write, not opened to", "file", file_write(file, "x", 1, 0).code);
  tell("set-size, not opened to write", "file", set_size(file, 0).code);
  tell("set-times, not opened to write", "file", set_times(file, NOW, NOW).code);
  tell("read, not opened to", "file", file_read(writable, 1, 0).code);
  tell("read at the largest offset", "file", file_read(file, 1, UINT64_MAX).code);
  tell("write at the largest offset", "file", file_write(writable, "x", 1, UINT64_MAX).code);
  tell("write nothing at the largest offset", "file",
       file_write(writable, "", 0, UINT64_MAX).code);
  tell("set-size to the largest", "file", set_size(writable, UINT64_MAX).code);
  tell("set-times to 10^9 nanoseconds", "file",
       set_times(writable, NO_CHANGE, timestamp(1, 1000000000)).code);
  tell("set-times to the largest", "file",
       set_times(writable, NO_CHANGE, timestamp(UINT64_MAX, 0)).code);
}

static void claim(void) {
  make_long_paths();
  for (uint32_t i = 0; i < sizeof calls / sizeof *calls; i++) {
    byte_list only = argument(1);
    if (only.length > 0 && !equals(only, calls[i].name)) continue;
    make_objects();
    for (uint32_t j = 0; j < sizeof paths / sizeof *paths; j++) {
      fs_code code = calls[i].play(paths[j].path);
      tell(calls[i].name, paths[j].shown ? paths[j].shown : paths[j].path, code);
      if (code == FS_OK && calls[i].changes) make_objects();
    }
  }
  if (argument(1).length > 0) return;
  make_objects();
  play_nul_byte();
  play_descriptors();
}

/* Claim: open-at, for each kind of object and all combinations of its flags. Prints a line each:
 *
 *   OBJECT FOLLOW OPEN-FLAGS FLAGS: WHAT
 *
 * FOLLOW is `f` or `-`; OPEN-FLAGS of `cdxt`: create, directory, exclusive, truncate; FLAGS of
 * `rwm`: read, write, mutate-directory. WHAT is an error-code, or the type of what was opened.
 * `+created` or `+truncated` says what became of the object, with an error too.
 *
 * What the WIT text leaves open is as on Linux: exclusive without create does nothing, truncate
 * needs no write, a link that is not followed is a `loop`. Wasmtime's own: directory with create,
 * exclusive or truncate is `invalid`; a link with directory that is not followed is a `loop` too
 * (Linux: `not-directory`); write on a directory is `is-directory`; mutate-directory means nothing.
 * Rules: wasi:filesystem open-at */
#include "fs-claim.h"

static const char content[] = "content";

static const struct object {
  const char *name;
  const char *path;   /* what is opened */
  const char *target; /* what it leads to, which a call may create or truncate; or NULL */
  bool is_there;
} objects[] = {
  {"missing", "missing", "missing", false}, {"file", "file", "file", true},
  {"directory", "directory", NULL, true},   {"link-to-file", "to-file", "file", true},
  {"link-to-directory", "to-directory", NULL, true},
  {"loop", "loop", NULL, true},             {"dangling", "dangling", "missing", false},
};

static void make_objects(void) {
  put_file(top(), "file", content);
  expect_done("create-directory-at", create_directory_at(top(), "directory"));
  expect_done("symlink-at", symlink_at(top(), "file", "to-file"));
  expect_done("symlink-at", symlink_at(top(), "directory", "to-directory"));
  expect_done("symlink-at", symlink_at(top(), "loop", "loop"));
  expect_done("symlink-at", symlink_at(top(), "missing", "dangling"));
}

/* Adds the letters of the flags that are set, and `-` for the others. */
static void add_flags(int32_t flags, const char *letters, const int32_t *bits) {
  for (uint32_t i = 0; letters[i]; i++) {
    char letter[] = {flags & bits[i] ? letters[i] : '-', 0};
    add(letter);
  }
}

/* Adds what the call has done to the object, and undoes it. */
static void add_effect(const struct object *object) {
  if (object->target == NULL) return;
  stat_answer now = stat_at(top(), NO_FOLLOW, object->target);
  if (!object->is_there && now.code == FS_OK) {
    add(" +created");
    expect_done("unlink-file-at", unlink_file_at(top(), object->target));
  }
  if (object->is_there && expect_stat("stat-at", now).size == 0) {
    add(" +truncated");
    put_file(top(), object->target, content);
  }
}

static void play(const struct object *object, int32_t follow, int32_t open_flags, int32_t flags) {
  static const int32_t open_bits[] = {CREATE, OPEN_DIRECTORY, EXCLUSIVE, TRUNCATE},
                       bits[] = {READ, WRITE, MUTATE_DIRECTORY};
  static const char *const types[] = {
    "unknown", "block-device", "character-device", "directory", "fifo", "symbolic-link", "file",
    "socket",
  };
  fs_answer opened = open_at(top(), follow, object->path, open_flags, flags);
  add(object->name);
  add(follow ? " f " : " - ");
  add_flags(open_flags, "cdxt", open_bits);
  add(" ");
  add_flags(flags, "rwm", bits);
  add(": ");
  if (opened.code == FS_OK) {
    add(types[expect_value("get-type", get_type((descriptor)opened.value))]);
    descriptor_drop((descriptor)opened.value);
  } else {
    add(fs_code_names[opened.code]);
  }
  add_effect(object);
  print_line();
}

static void claim(void) {
  static const int32_t flags[] = {
    0, READ, WRITE, READ | WRITE, MUTATE_DIRECTORY, READ | MUTATE_DIRECTORY,
    WRITE | MUTATE_DIRECTORY, READ | WRITE | MUTATE_DIRECTORY,
  };
  make_objects();
  for (uint32_t i = 0; i < sizeof objects / sizeof *objects; i++)
    for (int32_t follow = NO_FOLLOW; follow <= SYMLINK_FOLLOW; follow++)
      for (int32_t open_flags = 0; open_flags < 16; open_flags++)
        for (uint32_t j = 0; j < sizeof flags / sizeof *flags; j++)
          play(&objects[i], follow, open_flags, flags[j]);
}

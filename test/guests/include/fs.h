/* wasi:filesystem for freestanding guests: the imports in their canonical-ABI form, each wrapped
 * into a function that returns a plain struct with an error code. Paths are C strings; a path
 * that is none (it has a NUL byte in it) goes to the import itself, whose name ends with `_`. */
#pragma once
#include "wasi.h"

typedef uint32_t descriptor, entry_stream;

enum descriptor_type {
  UNKNOWN, BLOCK_DEVICE, CHARACTER_DEVICE, DIRECTORY, FIFO, SYMBOLIC_LINK, REGULAR_FILE, SOCKET,
};
enum descriptor_flags {
  READ = 1, WRITE = 2, FILE_SYNC = 4, DATA_SYNC = 8, REQUESTED_SYNC = 16, MUTATE_DIRECTORY = 32,
};
enum path_flags { NO_FOLLOW = 0, SYMLINK_FOLLOW = 1 };
enum open_flags { OPEN = 0, CREATE = 1, OPEN_DIRECTORY = 2, EXCLUSIVE = 4, TRUNCATE = 8 };

typedef enum {
  FS_ACCESS, FS_WOULD_BLOCK, FS_ALREADY, FS_BAD_DESCRIPTOR, FS_BUSY, FS_DEADLOCK, FS_QUOTA,
  FS_EXIST, FS_FILE_TOO_LARGE, FS_ILLEGAL_BYTE_SEQUENCE, FS_IN_PROGRESS, FS_INTERRUPTED,
  FS_INVALID, FS_IO, FS_IS_DIRECTORY, FS_LOOP, FS_TOO_MANY_LINKS, FS_MESSAGE_SIZE,
  FS_NAME_TOO_LONG, FS_NO_DEVICE, FS_NO_ENTRY, FS_NO_LOCK, FS_INSUFFICIENT_MEMORY,
  FS_INSUFFICIENT_SPACE, FS_NOT_DIRECTORY, FS_NOT_EMPTY, FS_NOT_RECOVERABLE, FS_UNSUPPORTED,
  FS_NO_TTY, FS_NO_SUCH_DEVICE, FS_OVERFLOW, FS_NOT_PERMITTED, FS_PIPE, FS_READ_ONLY,
  FS_INVALID_SEEK, FS_TEXT_FILE_BUSY, FS_CROSS_DEVICE,
  FS_OK, /* no error-code of WASI: there was no error */
} fs_code;

static const char *const fs_code_names[] = {
  "access", "would-block", "already", "bad-descriptor", "busy", "deadlock", "quota", "exist",
  "file-too-large", "illegal-byte-sequence", "in-progress", "interrupted", "invalid", "io",
  "is-directory", "loop", "too-many-links", "message-size", "name-too-long", "no-device",
  "no-entry", "no-lock", "insufficient-memory", "insufficient-space", "not-directory",
  "not-empty", "not-recoverable", "unsupported", "no-tty", "no-such-device", "overflow",
  "not-permitted", "pipe", "read-only", "invalid-seek", "text-file-busy", "cross-device", "ok",
};
_Static_assert(sizeof fs_code_names / sizeof *fs_code_names == FS_OK + 1, "a name each");

/* ---- What a call gave ------------------------------------------------------------------- */

typedef struct {
  fs_code code;    /* FS_OK, or why there is nothing else */
  uint64_t value;  /* a handle, a number, flags, a type; of a read: whether the end was reached */
  byte_list bytes; /* of a read or a readlink: valid until the next call that returns a list */
} fs_answer;

typedef struct { uint8_t is_some; datetime time; } optional_datetime;
typedef struct {
  uint8_t type;
  uint64_t link_count, size;
  optional_datetime accessed, modified, changed;
} descriptor_stat;
typedef struct { fs_code code; descriptor_stat stat; } stat_answer;

typedef struct { uint64_t lower, upper; } metadata_hash_value;
typedef struct { fs_code code; metadata_hash_value hash; } hash_answer;

typedef struct { uint8_t type; byte_list name; } directory_entry;
typedef struct {
  fs_code code;
  bool is_some;
  directory_entry entry; /* its name is valid until the next call that returns a list */
} entry_answer;

/* A new timestamp, as it is passed. */
typedef struct { int32_t kind; datetime time; } new_timestamp;
static const new_timestamp NO_CHANGE = {.kind = 0}, NOW = {.kind = 1};
static inline new_timestamp timestamp(uint64_t seconds, uint32_t nanoseconds) {
  return (new_timestamp){2, {seconds, nanoseconds}};
}

/* The result types as they lie in memory. */
typedef struct { uint8_t is_err, value; } fs_result_byte; /* of nothing, flags or an enum too */
typedef struct { uint8_t is_err; union { uint32_t value; uint8_t code; }; } fs_result_handle;
typedef struct { uint8_t is_err; union { uint64_t value; uint8_t code; }; } fs_result_size;
typedef struct { uint8_t is_err; union { byte_list text; uint8_t code; }; } fs_result_text;
typedef struct {
  uint8_t is_err;
  union { struct { byte_list list; uint8_t at_end; } read; uint8_t code; };
} fs_result_read;
typedef struct { uint8_t is_err; union { descriptor_stat stat; uint8_t code; }; } fs_result_stat;
typedef struct { uint8_t is_err; union { metadata_hash_value hash; uint8_t code; }; } fs_result_hash;
typedef struct {
  uint8_t is_err;
  union { struct { uint8_t is_some; directory_entry entry; } next; uint8_t code; };
} fs_result_entry;
_Static_assert(sizeof(fs_result_handle) == 8 && sizeof(fs_result_size) == 16, "canonical ABI");
_Static_assert(sizeof(fs_result_read) == 16 && sizeof(fs_result_stat) == 104, "canonical ABI");
_Static_assert(sizeof(fs_result_hash) == 24 && sizeof(fs_result_entry) == 20, "canonical ABI");

static inline fs_answer fs_error(uint8_t code) { return (fs_answer){.code = (fs_code)code}; }
static inline fs_answer of_nothing(fs_result_byte r) {
  return r.is_err ? fs_error(r.value) : (fs_answer){.code = FS_OK};
}
static inline fs_answer of_byte(fs_result_byte r) {
  return r.is_err ? fs_error(r.value) : (fs_answer){.code = FS_OK, .value = r.value};
}
static inline fs_answer of_handle(fs_result_handle r) {
  return r.is_err ? fs_error(r.code) : (fs_answer){.code = FS_OK, .value = r.value};
}
static inline fs_answer of_size(fs_result_size r) {
  return r.is_err ? fs_error(r.code) : (fs_answer){.code = FS_OK, .value = r.value};
}

/* ---- The imports ------------------------------------------------------------------------ */

#define FS(method) WASI("filesystem/types", "[method]descriptor." method)
typedef const char *fs_text; /* always followed by its length */

FS("read-via-stream") void read_via_stream_(descriptor, uint64_t, fs_result_handle *);
FS("write-via-stream") void write_via_stream_(descriptor, uint64_t, fs_result_handle *);
FS("append-via-stream") void append_via_stream_(descriptor, fs_result_handle *);
FS("advise") void advise_(descriptor, uint64_t, uint64_t, int32_t, fs_result_byte *);
FS("sync-data") void sync_data_(descriptor, fs_result_byte *);
FS("sync") void sync_(descriptor, fs_result_byte *);
FS("get-flags") void get_flags_(descriptor, fs_result_byte *);
FS("get-type") void get_type_(descriptor, fs_result_byte *);
FS("set-size") void set_size_(descriptor, uint64_t, fs_result_byte *);
FS("set-times")
void set_times_(descriptor, int32_t, uint64_t, uint32_t, int32_t, uint64_t, uint32_t,
                fs_result_byte *);
FS("read") void file_read_(descriptor, uint64_t, uint64_t, fs_result_read *);
FS("write") void file_write_(descriptor, const void *, uint32_t, uint64_t, fs_result_size *);
FS("read-directory") void read_directory_(descriptor, fs_result_handle *);
FS("stat") void stat_(descriptor, fs_result_stat *);
FS("is-same-object") bool is_same_object(descriptor, descriptor);
FS("metadata-hash") void metadata_hash_(descriptor, fs_result_hash *);

FS("open-at")
void open_at_(descriptor, int32_t, fs_text, uint32_t, int32_t, int32_t, fs_result_handle *);
FS("stat-at") void stat_at_(descriptor, int32_t, fs_text, uint32_t, fs_result_stat *);
FS("metadata-hash-at")
void metadata_hash_at_(descriptor, int32_t, fs_text, uint32_t, fs_result_hash *);
FS("set-times-at")
void set_times_at_(descriptor, int32_t, fs_text, uint32_t, int32_t, uint64_t, uint32_t, int32_t,
                   uint64_t, uint32_t, fs_result_byte *);
FS("readlink-at") void readlink_at_(descriptor, fs_text, uint32_t, fs_result_text *);
FS("create-directory-at") void create_directory_at_(descriptor, fs_text, uint32_t, fs_result_byte *);
FS("remove-directory-at") void remove_directory_at_(descriptor, fs_text, uint32_t, fs_result_byte *);
FS("unlink-file-at") void unlink_file_at_(descriptor, fs_text, uint32_t, fs_result_byte *);
FS("symlink-at") void symlink_at_(descriptor, fs_text, uint32_t, fs_text, uint32_t, fs_result_byte *);
FS("link-at")
void link_at_(descriptor, int32_t, fs_text, uint32_t, descriptor, fs_text, uint32_t,
              fs_result_byte *);
FS("rename-at")
void rename_at_(descriptor, fs_text, uint32_t, descriptor, fs_text, uint32_t, fs_result_byte *);

WASI("filesystem/types", "[resource-drop]descriptor") void descriptor_drop(descriptor);
WASI("filesystem/types", "[method]directory-entry-stream.read-directory-entry")
void read_directory_entry_(entry_stream, fs_result_entry *);
WASI("filesystem/types", "[resource-drop]directory-entry-stream")
void entry_stream_drop(entry_stream);

typedef struct { descriptor handle; byte_list name; } preopened;
typedef struct { const preopened *at; uint32_t length; } preopened_list;
WASI("filesystem/preopens", "get-directories") void get_directories_(preopened_list *);

/* ---- A descriptor ----------------------------------------------------------------------- */

static inline fs_answer read_via_stream(descriptor file, uint64_t offset) {
  fs_result_handle r;
  read_via_stream_(file, offset, &r);
  return of_handle(r);
}
static inline fs_answer write_via_stream(descriptor file, uint64_t offset) {
  fs_result_handle r;
  write_via_stream_(file, offset, &r);
  return of_handle(r);
}
static inline fs_answer append_via_stream(descriptor file) {
  fs_result_handle r;
  append_via_stream_(file, &r);
  return of_handle(r);
}
static inline fs_answer advise(descriptor file, uint64_t offset, uint64_t length, int32_t advice) {
  fs_result_byte r;
  advise_(file, offset, length, advice, &r);
  return of_nothing(r);
}
static inline fs_answer sync_data(descriptor file) {
  fs_result_byte r;
  sync_data_(file, &r);
  return of_nothing(r);
}
static inline fs_answer sync(descriptor file) {
  fs_result_byte r;
  sync_(file, &r);
  return of_nothing(r);
}
static inline fs_answer get_flags(descriptor file) {
  fs_result_byte r;
  get_flags_(file, &r);
  return of_byte(r);
}
static inline fs_answer get_type(descriptor file) {
  fs_result_byte r;
  get_type_(file, &r);
  return of_byte(r);
}
static inline fs_answer set_size(descriptor file, uint64_t size) {
  fs_result_byte r;
  set_size_(file, size, &r);
  return of_nothing(r);
}
static inline fs_answer set_times(descriptor file, new_timestamp a, new_timestamp m) {
  fs_result_byte r;
  set_times_(file, a.kind, a.time.seconds, a.time.nanoseconds, m.kind, m.time.seconds,
             m.time.nanoseconds, &r);
  return of_nothing(r);
}
static inline fs_answer file_read(descriptor file, uint64_t length, uint64_t offset) {
  fs_result_read r;
  arena_reset();
  file_read_(file, length, offset, &r);
  if (r.is_err) return fs_error(r.code);
  return (fs_answer){.code = FS_OK, .value = r.read.at_end, .bytes = r.read.list};
}
static inline fs_answer file_write(descriptor file, const void *bytes, uint32_t length,
                                   uint64_t offset) {
  fs_result_size r;
  file_write_(file, bytes, length, offset, &r);
  return of_size(r);
}
static inline fs_answer read_directory(descriptor directory) {
  fs_result_handle r;
  read_directory_(directory, &r);
  return of_handle(r);
}
static inline entry_answer read_directory_entry(entry_stream entries) {
  fs_result_entry r;
  arena_reset();
  read_directory_entry_(entries, &r);
  if (r.is_err) return (entry_answer){.code = (fs_code)r.code};
  return (entry_answer){FS_OK, r.next.is_some, r.next.entry};
}
static inline stat_answer of_stat(fs_result_stat r) {
  return r.is_err ? (stat_answer){.code = (fs_code)r.code} : (stat_answer){FS_OK, r.stat};
}
static inline stat_answer stat(descriptor file) {
  fs_result_stat r;
  stat_(file, &r);
  return of_stat(r);
}
static inline hash_answer of_hash(fs_result_hash r) {
  return r.is_err ? (hash_answer){.code = (fs_code)r.code} : (hash_answer){FS_OK, r.hash};
}
static inline hash_answer metadata_hash(descriptor file) {
  fs_result_hash r;
  metadata_hash_(file, &r);
  return of_hash(r);
}

/* ---- A path below a descriptor ---------------------------------------------------------- */

static inline fs_answer open_at(descriptor directory, int32_t path_flags, const char *path,
                                int32_t open_flags, int32_t flags) {
  fs_result_handle r;
  open_at_(directory, path_flags, path, length_of(path), open_flags, flags, &r);
  return of_handle(r);
}
static inline stat_answer stat_at(descriptor directory, int32_t path_flags, const char *path) {
  fs_result_stat r;
  stat_at_(directory, path_flags, path, length_of(path), &r);
  return of_stat(r);
}
static inline hash_answer metadata_hash_at(descriptor directory, int32_t path_flags,
                                           const char *path) {
  fs_result_hash r;
  metadata_hash_at_(directory, path_flags, path, length_of(path), &r);
  return of_hash(r);
}
static inline fs_answer set_times_at(descriptor directory, int32_t path_flags, const char *path,
                                     new_timestamp a, new_timestamp m) {
  fs_result_byte r;
  set_times_at_(directory, path_flags, path, length_of(path), a.kind, a.time.seconds,
                a.time.nanoseconds, m.kind, m.time.seconds, m.time.nanoseconds, &r);
  return of_nothing(r);
}
static inline fs_answer readlink_at(descriptor directory, const char *path) {
  fs_result_text r;
  arena_reset();
  readlink_at_(directory, path, length_of(path), &r);
  return r.is_err ? fs_error(r.code) : (fs_answer){.code = FS_OK, .bytes = r.text};
}
static inline fs_answer create_directory_at(descriptor directory, const char *path) {
  fs_result_byte r;
  create_directory_at_(directory, path, length_of(path), &r);
  return of_nothing(r);
}
static inline fs_answer remove_directory_at(descriptor directory, const char *path) {
  fs_result_byte r;
  remove_directory_at_(directory, path, length_of(path), &r);
  return of_nothing(r);
}
static inline fs_answer unlink_file_at(descriptor directory, const char *path) {
  fs_result_byte r;
  unlink_file_at_(directory, path, length_of(path), &r);
  return of_nothing(r);
}
static inline fs_answer symlink_at(descriptor directory, const char *target, const char *path) {
  fs_result_byte r;
  symlink_at_(directory, target, length_of(target), path, length_of(path), &r);
  return of_nothing(r);
}
static inline fs_answer link_at(descriptor directory, int32_t path_flags, const char *path,
                                descriptor new_directory, const char *new_path) {
  fs_result_byte r;
  link_at_(directory, path_flags, path, length_of(path), new_directory, new_path,
           length_of(new_path), &r);
  return of_nothing(r);
}
static inline fs_answer rename_at(descriptor directory, const char *path,
                                  descriptor new_directory, const char *new_path) {
  fs_result_byte r;
  rename_at_(directory, path, length_of(path), new_directory, new_path, length_of(new_path), &r);
  return of_nothing(r);
}

/* ---- Preopened directories -------------------------------------------------------------- */

static inline preopened_list get_directories(void) {
  preopened_list list;
  arena_reset();
  get_directories_(&list);
  return list;
}

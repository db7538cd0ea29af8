/* Claim: is-same-object and metadata-hash tell objects apart, and know one by all its names.
 * Rules: wasi:filesystem is-same-object, metadata-hash, metadata-hash-at */
#include "fs-claim.h"

static bool same(metadata_hash_value a, metadata_hash_value b) {
  return a.lower == b.lower && a.upper == b.upper;
}
static metadata_hash_value hash_of(int32_t path_flags, const char *path) {
  return expect_hash(path, metadata_hash_at(top(), path_flags, path));
}

static void claim(void) {
  put_file(top(), "one", "same");
  put_file(top(), "two", "same");
  expect_done("link-at", link_at(top(), NO_FOLLOW, "one", top(), "hard"));
  expect_done("symlink-at", symlink_at(top(), "one", "soft"));
  expect_done("create-directory-at", create_directory_at(top(), "sub"));

  descriptor one = open_file("one", OPEN, READ), again = open_file("one", OPEN, READ),
             hard = open_file("hard", OPEN, READ), soft = open_file("soft", OPEN, READ),
             two = open_file("two", OPEN, READ), sub = open_file("sub", OPEN, READ);
  expect(is_same_object(one, one) && is_same_object(one, again), "a file to be itself");
  expect(is_same_object(one, hard) && is_same_object(hard, soft), "one file by all its names");
  expect(!is_same_object(one, two) && !is_same_object(one, sub), "two files to be two");
  expect(is_same_object(sub, sub) && !is_same_object(sub, top()), "two directories to be two");

  metadata_hash_value hash = expect_hash("metadata-hash", metadata_hash(one));
  expect(same(hash, expect_hash("metadata-hash", metadata_hash(again))), "one hash of one file");
  expect(same(hash, hash_of(NO_FOLLOW, "one")), "one hash by descriptor and path");
  expect(same(hash, hash_of(NO_FOLLOW, "hard")), "one hash by all names");
  expect(same(hash, hash_of(SYMLINK_FOLLOW, "soft")), "one hash through a link");
  expect(!same(hash, hash_of(NO_FOLLOW, "soft")), "another hash of the link");
  expect(!same(hash, hash_of(NO_FOLLOW, "two")), "another hash of another file");
  expect(!same(hash, hash_of(NO_FOLLOW, "sub")), "another hash of a directory");
  expect_done("rename-at", rename_at(top(), "one", top(), "sub/moved"));
  expect(same(hash, hash_of(NO_FOLLOW, "sub/moved")), "the same hash after a rename");
  expect_code("metadata-hash-at of nothing", FS_NO_ENTRY,
              (fs_answer){.code = metadata_hash_at(top(), NO_FOLLOW, "none").code});
}

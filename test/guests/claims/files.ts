/** Section 8: files. */
import type { Entry, FilesystemClaim } from "./claim.ts";

const smallTree: readonly Entry[] = [
  { kind: "file", path: "/work/file", text: "hello" },
  { kind: "file", path: "/work/sub/inner", text: "1" },
  { kind: "link", path: "/work/link", target: "file" },
];

export const filesystemClaims: readonly FilesystemClaim[] = [
  {
    name: "fs-streams",
    rules: ["8.1", "8.2", "8.3", "8.4", "8.5"],
    claim: "each stream of a file has a position of its own, and needs no descriptor any more.",
    directories: { "/work": "rw" },
    after: [
      { kind: "file", path: "/work/write", text: "01abc567yz!?\0\0\0\0end" },
      { kind: "file", path: "/work/append", text: "!ad\0\0e" },
    ],
    expect: { exit: 0 },
  },
  {
    name: "fs-errors",
    rules: [],
    claim: "what each call says to each kind of path.",
    directories: { "/work": "rw" },
    expect: { exit: 0 },
    stdout: { file: "fs-errors.expected.txt" },
  },
  {
    name: "fs-open-flags",
    rules: [],
    claim: "open-at, for each kind of object and all combinations of its flags.",
    directories: { "/work": "rw" },
    expect: { exit: 0 },
    stdout: { file: "fs-open-flags.expected.txt" },
  },
  {
    name: "fs-readonly",
    rules: ["8.1"],
    claim: "below a read-only preopened directory everything can be read, and nothing changed.",
    directories: { "/work": "ro" },
    before: smallTree,
    after: smallTree,
    expect: { exit: 0 },
  },
  {
    name: "fs-links",
    rules: [],
    claim: "links are made, read and followed; none leads out of the preopened directory.",
    directories: { "/work": "rw" },
    before: [
      { kind: "file", path: "/secret", text: "secret" },
      { kind: "link", path: "/work/outside", target: "../secret" },
      { kind: "link", path: "/work/absolute", target: "/etc" },
      { kind: "link", path: "/work/sub/back", target: "../file" },
    ],
    after: [
      { kind: "file", path: "/secret", text: "secret" },
      { kind: "hard-link", path: "/work/hard", of: "/work/sub/hard" },
      { kind: "link", path: "/work/dangling", target: "none" },
    ],
    expect: { exit: 0 },
  },
  {
    name: "fs-times",
    rules: [],
    claim: "set-times and set-times-at set what they are told to, and stat shows it.",
    directories: { "/work": "rw" },
    expect: { exit: 0 },
  },
  {
    name: "fs-stat",
    rules: [],
    claim: "stat, stat-at, get-type and the entries of a directory tell the same about an object.",
    directories: { "/work": "rw" },
    before: [
      ...smallTree,
      { kind: "hard-link", path: "/work/hard", of: "/work/file" },
      { kind: "file", path: "/work/empty", text: "" },
    ],
    expect: { exit: 0 },
  },
  {
    name: "fs-hash",
    rules: [],
    claim: "is-same-object and metadata-hash tell objects apart, and know one by all its names.",
    directories: { "/work": "rw" },
    expect: { exit: 0 },
  },
  {
    name: "fs-leak",
    rules: ["1.2"],
    claim: "a guest that opens a file ever again and drops nothing traps at the limit.",
    directories: { "/work": "rw" },
    expect: { trap: "resources" },
    limits: { resources: 200 },
  },
  // With libc or the standard library of another language, through the preview1 adapter.
  {
    name: "files-c",
    rules: [],
    claim: "an ordinary C program finds what the C library promises.",
    args: ["files-c", "/work"],
    directories: { "/work": "rw" },
    expect: { exit: 0 },
    stdout:
      "mkdir tree tree/sub\nwrite tree/a.txt 10 bytes\nappend tree/a.txt 16 bytes\nseek tree/a.txt 21 bytes\n" +
      "truncate tree/a.txt\nlarge tree/large 655360 bytes\nrename\nreaddir tree: a.txt large moved\n" +
      "readdir tree/moved: a z ünï ☃\nstat\nlinks\nunlink and rmdir\n",
  },
  {
    name: "files-rust",
    rules: [],
    claim: "an ordinary Rust program finds what std promises.",
    args: ["files-rust", "/work"],
    directories: { "/work": "rw" },
    expect: { exit: 0 },
    stdout:
      "create_dir_all a/b/c\nwrite and read 4 bytes\nappend 14 bytes\nopen errors\nseek and set_len\n" +
      "large 800000 bytes\ncopy 7 bytes\nrename\nmetadata\nwalk a\nwalk a/one.txt\nwalk d\nwalk d/c\n" +
      "walk d/c/moved.txt\nwalk d/ünï ☃\nwalk large\nremove_dir_all\n",
  },
  {
    name: "files-go",
    rules: [],
    claim: "an ordinary Go program finds what its standard library promises.",
    args: ["files-go", "/work"],
    directories: { "/work": "rw" },
    expect: { exit: 0 },
    stdout:
      "MkdirAll a/b/c\nWriteFile and ReadFile\nappend\nopen errors\nSeek and Truncate\nlarge 800000 bytes\n" +
      "Rename\nStat\nWalkDir . true\nWalkDir a true\nWalkDir d true\nWalkDir d/c true\n" +
      "WalkDir d/c/moved.txt false\nWalkDir d/ünï ☃ false\nWalkDir large false\nRemoveAll\n",
  },
  {
    name: "cat-files",
    rules: [],
    claim: "files of two directories come one after the other, and what cannot be read is told.",
    args: ["cat-files", "/one/a", "/two/b", "/two/none", "/one/link"],
    directories: { "/one": "ro", "/two": "rw" },
    before: [
      { kind: "file", path: "/one/a", text: "first\n" },
      { kind: "link", path: "/one/link", target: "a" },
      { kind: "file", path: "/two/b", text: "second\n" },
    ],
    expect: { exit: 1 },
    stdout: "first\nsecond\nfirst\n",
    stderrText: "/two/none: No such file or directory\n",
  },
  {
    name: "ls",
    rules: [],
    claim: "a directory is listed with types and sizes.",
    args: ["ls", "/work"],
    directories: { "/work": "ro" },
    before: [...smallTree, { kind: "file", path: "/work/ünï ☃", text: "☃" }],
    expect: { exit: 0 },
    stdout: "file 5 file\nlink link\ndirectory sub\nfile 3 ünï ☃\n",
  },
  {
    name: "cp",
    rules: [],
    claim: "a file is copied from one directory to another.",
    args: ["cp", "/one/a", "/two/b"],
    directories: { "/one": "ro", "/two": "rw" },
    before: [
      { kind: "file", path: "/one/a", text: "0123456789".repeat(10_000) },
      { kind: "file", path: "/two/b", text: "what was there before" },
    ],
    after: [{ kind: "file", path: "/two/b", text: "0123456789".repeat(10_000) }],
    expect: { exit: 0 },
  },
  {
    name: "cp",
    rules: [],
    claim: "a file is not copied into a read-only directory.",
    args: ["cp", "/one/a", "/two/b"],
    directories: { "/one": "ro", "/two": "ro" },
    before: [{ kind: "file", path: "/one/a", text: "a" }],
    expect: { exit: 1 },
    stderrText: "/two/b: Operation not permitted\n",
  },
];

/** Guests for real pipes, files and terminals. */
import type { Program } from "./claim.ts";

export const programs: readonly Program[] = [
  // With libc, through the preview1 adapter (which knows only the exit codes 0 and 1).
  { name: "hello", usage: "hello" },
  { name: "echo", usage: "echo [WORD...]: prints the words" },
  { name: "env", usage: "env: prints the environment, one NAME=VALUE a line" },
  { name: "cat", usage: "cat < INPUT > OUTPUT: copies through libc's buffers" },
  { name: "wc", usage: "wc < INPUT: prints the numbers of lines, words and bytes" },
  { name: "exit-status", usage: "exit-status CODE: prints `leaving` unflushed, then exit(CODE)" },
  {
    name: "libc-write-error",
    usage: "libc-write-error > OUTPUT: writes until that fails; why on stderr, exit 1",
  },
  { name: "cat-files", usage: "cat-files [FILE...]: copies the files to stdout" },
  { name: "cp", usage: "cp FROM TO: copies a file" },
  { name: "ls", usage: "ls [DIRECTORY]: prints type, size and name of each entry, sorted" },
  {
    name: "fs-fill",
    usage: "fs-fill: fills the disk of its first directory; prints `BYTES bytes: ERROR-CODE`, removes the file",
  },
  {
    name: "fs-leak",
    usage: "fs-leak: opens a file in its first directory until that fails; prints `COUNT: ERROR-CODE`",
  },
  // Without libc. The reference stream is the 32-bit little-endian numbers 0, 1, 2, ...
  { name: "copy-loop", usage: "copy-loop < INPUT > OUTPUT: copies by read, check-write, write" },
  {
    name: "say-then-ask",
    usage: "say-then-ask [COUNT] < INPUT > OUTPUT: writes and does not flush, then waits for an answer",
  },
  { name: "copy-splice", usage: "copy-splice < INPUT > OUTPUT: copies by blocking-splice" },
  { name: "copy-bwf", usage: "copy-bwf < INPUT > OUTPUT: copies by blocking-write-and-flush" },
  {
    name: "writer",
    usage:
      "writer [TOTAL [CHUNK]] > OUTPUT: writes TOTAL bytes of the reference stream in a permit " +
      "loop; on stderr `writes N zero-permits N`",
  },
  {
    name: "writer-bwf",
    usage: "writer-bwf [TOTAL [CHUNK]] > OUTPUT: the same by blocking-write-and-flush of up to 4096",
  },
  {
    name: "never-flushes",
    usage: "never-flushes [TOTAL] > OUTPUT: writes TOTAL bytes and returns without a flush",
  },
  { name: "wait", usage: "wait < INPUT: waits for the end of INPUT, in one page of memory" },
  {
    name: "bench-calls",
    usage: "bench-calls [WHAT [COUNT [MS]]] < /dev/zero > /dev/null: prints `name ns` lines on stderr",
  },
  {
    name: "bench-write",
    usage: "bench-write permit|flush TOTAL SIZE: writes bytes of one value, prints `ns` and how many on stderr",
  },
  { name: "trap-now", usage: "trap-now: traps in outer_step > middle_step > innermost_step" },
  {
    name: "multi-export",
    usage: "(a library) exports sluice:guests/demo: add, greet, wait-ns, say",
  },
  { name: "old-version", usage: "old-version: prints a greeting, imports WASI 0.2.0" },
  { name: "missing-import", usage: "missing-import: imports vendor:missing/thing@1.2.3" },
];

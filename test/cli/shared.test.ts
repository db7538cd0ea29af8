/** A socket that the command shares with other processes blocks again, also if a signal ends it. */
import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, test } from "node:test";
import { wat } from "../load/wat.ts";
import { ended, folder, guest, startShell, until } from "./support.ts";

const O_NONBLOCK = 0o4000;

/** Says that it is there, then computes for ever. */
const COMPUTES = `(module
  (import "wasi_snapshot_preview1" "fd_write" (func $write (param i32 i32 i32 i32) (result i32)))
  (memory (export "memory") 1)
  (data (i32.const 0) "\\10\\00\\00\\00\\02\\00\\00\\00")
  (data (i32.const 16) "> ")
  (func (export "_start")
    (drop (call $write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 8)))
    (loop (br 0))))`;

function flagsOf(text: string): number {
  const [, octal = ""] = /^flags:\s*(\d+)/m.exec(text) ?? [];
  return Number.parseInt(octal, 8);
}

describe("what is shared", { concurrency: 4, skip: process.platform !== "linux" && "reads /proc" }, () => {
  for (const signal of ["SIGINT", "SIGTERM"] as const) {
    for (const does of ["waits", "computes"]) {
      for (const options of ["", "--stats"]) {
        test(`blocks again after ${signal} to a guest that ${does} ${options}`, async (t) => {
          const path = join(folder(t), "computes.wasm");
          writeFileSync(path, await wat(COMPUTES));
          // Node gives a child sockets. The outer shell has the one of standard output too, and looks at it in the end.
          const child = startShell(
            `trap : INT TERM
            sh -c 'echo $$ >&2; exec "$NODE" "$BIN" ${options} "$GUEST"'
            cat /proc/self/fdinfo/3 3>&1 1>&2`,
            { env: { GUEST: does === "waits" ? guest("prompt-before-read") : path } },
          );
          const pid = Number.parseInt(await until(child.stderr, "\n"), 10);
          await until(child.stdout, "> ");
          const during = flagsOf(readFileSync(`/proc/${pid}/fdinfo/1`, "latin1"));
          // A guest that has the thread to itself may block in the system call: then nothing is changed.
          if (does === "waits" || options === "--stats") {
            assert.equal(during & O_NONBLOCK, O_NONBLOCK, "it was not changed at all: the test shows nothing");
          }
          process.kill(pid, signal);
          const { stderr } = await ended(child);
          assert.match(stderr, /^flags:/m);
          assert.equal(flagsOf(stderr) & O_NONBLOCK, 0);
        });
      }
    }
  }
});

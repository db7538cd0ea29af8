/** Standard streams of every kind: pipes, files, devices, readers that go or never come. */
import assert from "node:assert/strict";
import { closeSync, constants, openSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, test } from "node:test";
import { ended, folder, guest, NOT_UNIX, shell, start, startShell, until } from "./support.ts";

const MIB = 1024 * 1024;
/** Where `insufficient-space` is in the enum `error-code` of `wasi:filesystem`. */
const INSUFFICIENT_SPACE = 23;

/** The stream that the guests `writer*` write: 0, 1, 2, ... as 32-bit little-endian numbers. */
function pattern(bytes: number): Buffer {
  return Buffer.from(Uint32Array.from({ length: bytes / 4 }, (_, index) => index).buffer);
}

describe("stdio", { concurrency: 4, skip: NOT_UNIX }, () => {
  for (const copier of ["copy-loop", "copy-splice", "copy-bwf", "cat"]) {
    test(`${copier} copies 1 MiB through pipes`, async () => {
      const { stdout, stderr } = await shell(
        `sluice $G/writer-bwf.wasm ${MIB} | sluice $G/${copier}.wasm | cksum; sluice $G/writer.wasm ${MIB} 2>&- | cksum`,
      );
      const [copied, written] = stdout.trimEnd().split("\n");
      assert.equal(copied, written);
      assert.match(copied ?? "", new RegExp(` ${MIB}$`));
      assert.equal(stderr, "");
    });

    test(`${copier} copies files`, async (t) => {
      const cwd = folder(t);
      writeFileSync(join(cwd, "in"), pattern(MIB));
      const { code, stderr } = await shell(`sluice $G/${copier}.wasm < in > out`, { cwd });
      assert.deepEqual([code, stderr], [0, ""]);
      assert.ok(readFileSync(join(cwd, "out")).equals(pattern(MIB)));
    });
  }

  test("a guest that waits for its input still delivers what it has written", async (t) => {
    const { code, stdout } = await shell(
      `mkfifo ask err
      sluice $G/say-then-ask.wasm 100000 < ask 2> err | {
        exec 3> ask 4< err
        # More than a pipe holds: the rest waits for us, while the guest waits for an answer.
        read said <&4
        echo "$said: $(head -c 100000 | wc -c)"
        echo yes >&3
        cat <&4
      }`,
      { cwd: folder(t) },
    );
    assert.equal(stdout, "said: 100000\nanswered 4\n");
    assert.equal(code, 0);
  });

  test("output is appended to a file that is open for that", async (t) => {
    const cwd = folder(t);
    await shell("echo first > out; sluice $G/hello.wasm >> out; echo last >> out", { cwd });
    assert.equal(readFileSync(join(cwd, "out"), "utf8"), "first\nhello\nlast\n");
  });

  test("two guests in turn share one file, each after the other", async (t) => {
    const cwd = folder(t);
    await shell("(sluice $G/hello.wasm; sluice $G/echo.wasm again; sluice $G/hello.wasm) > out 2>&1", { cwd });
    assert.equal(readFileSync(join(cwd, "out"), "utf8"), "hello\nagain\nhello\n");
  });

  test("/dev/null is an empty input and takes all output", async () => {
    const { code, stdout } = await shell("sluice $G/wc.wasm < /dev/null && sluice $G/never-flushes.wasm > /dev/null");
    assert.deepEqual([code, stdout], [0, "0 0 0\n"]);
  });

  test("a full device is last-operation-failed with insufficient-space", async () => {
    const component = await shell("sluice $G/error-code-downcast.wasm > /dev/full");
    assert.deepEqual([component.code, component.stderr], [0, `error code: ${INSUFFICIENT_SPACE}\n`]);
    const libc = await shell("sluice $G/libc-write-error.wasm > /dev/full");
    assert.deepEqual([libc.code, libc.stderr], [1, "write failed: No space left on device\n"]);
  });

  test("what is asked for and cannot be printed is a failure, unless nobody reads it", async () => {
    for (const command of ["help", "--version", "inspect --json $G/hello.wasm", "types $G/hello.wasm"]) {
      // oxlint-disable-next-line no-await-in-loop -- one after the other
      const { code, stderr } = await shell(`sluice ${command} > /dev/full`);
      assert.deepEqual(
        [code, stderr.split(",")[0]],
        [1, "sluice: Standard output cannot be written: ENOSPC: no space left on device"],
      );
    }
    const gone = await shell("{ sluice help; echo $? >&2; } | true");
    assert.equal(gone.stderr, "0\n");
  });

  test("what is no component is not read to its end, which it may not have; a pipe may give one", async () => {
    const zero = await shell("sluice /dev/zero");
    assert.deepEqual([zero.code, zero.stdout], [1, ""]);
    assert.match(
      zero.stderr,
      /^sluice: \/dev\/zero: Expected a WebAssembly component, got \d+ bytes that begin with 00 00 00 00/,
    );
    const piped = await shell("cat $G/hello.wasm | sluice /dev/stdin");
    assert.deepEqual([piped.code, piped.stdout], [0, "hello\n"]);
  });

  test("a directory as input is a failure of the guest's stream", async () => {
    const loop = await shell("sluice $G/copy-loop.wasm < /");
    assert.deepEqual([loop.code, loop.stderr], [1, "stdin: failed\n"]);
    const libc = await shell("sluice $G/cat.wasm < /");
    assert.deepEqual([libc.code, libc.stderr], [1, "cat: Is a directory\n"]);
  });

  test("closed standard streams are an empty input and lost output", async () => {
    const { code, stderr } = await shell("sluice $G/copy-loop.wasm <&- >&-; echo $? >&2; sluice $G/hello.wasm 2>&-");
    assert.deepEqual([code, stderr], [0, "0\n"]);
  });

  test("a reader that leaves in the middle ends a writer of 64 MiB, which says so and lives on", async () => {
    const script = `{ sluice $G/writer.wasm ${64 * MIB}; echo "code $?" >&2; } | head -c 100 | cksum`;
    const { stdout, stderr } = await shell(script);
    assert.match(stdout, /^\d+ 100\n$/);
    assert.equal(stderr, "stdout: closed\ncode 1\n");
  });

  test("a reader that leaves in the middle: blocking-write-and-flush, and libc", async () => {
    const { stderr } = await shell(
      `{ sluice $G/writer-bwf.wasm ${64 * MIB}; echo "code $?" >&2; } | head -c 1 > /dev/null;
       { sluice $G/libc-write-error.wasm; echo "code $?" >&2; } | head -c 1 > /dev/null`,
    );
    assert.match(stderr, /^stdout: closed\ncode 1\nwrite failed: .*\ncode 1\n$/);
  });

  test("a reader that has left is no failure of our own messages", async (t) => {
    // Says so through the FIFO "gone" when its end of the pipe is closed.
    const leave = "{ exec 0<&-; echo > gone; }";
    const { stdout, stderr } = await shell(
      `mkfifo gone
       { read line < gone; sluice --help; echo "code $?" >&2; } | ${leave}
       { read line < gone; sluice --bogus 2>&1; echo "code $?" >&2; } | ${leave}`,
      { cwd: folder(t) },
    );
    assert.deepEqual([stdout, stderr], ["", "code 0\ncode 1\n"]);
  });

  test("a reader that sleeps stops the writer, then gets every byte", async (t) => {
    const cwd = folder(t);
    // The reader begins when there is something in the FIFO "go".
    const child = startShell(`mkfifo go; sluice --trace $G/writer.wasm ${MIB} | { read line < go; cksum; }`, { cwd });
    child.stdin?.end();
    await until(child.stderr, "check-write(OutputStream) = 0");
    writeFileSync(join(cwd, "go"), "\n");
    const { stdout, stderr } = await ended(child);
    assert.match(stdout, new RegExp(`^\\d+ ${MIB}\\n$`));
    assert.match(stderr, /writes \d+ zero-permits [1-9]/);
  });

  for (const name of ["never-flushes", "blocking-flush-completes"]) {
    test(`${name} ends into a slow pipe, and every byte is delivered`, async (t) => {
      const cwd = folder(t);
      const script = `mkfifo go; sluice --trace $G/${name}.wasm ${MIB} | { read line < go; wc -c; }`;
      const child = startShell(script, { cwd });
      child.stdin?.end();
      await until(child.stderr, ") = 0");
      writeFileSync(join(cwd, "go"), "\n");
      const { stdout } = await ended(child);
      if (name === "never-flushes") assert.equal(Number(stdout), MIB);
      else assert.ok(Number(stdout) >= 64 * 1024, stdout);
    });
  }

  test("a prompt is out while the guest waits for input", async () => {
    const child = start([guest("prompt-before-read")]);
    await until(child.stdout, "> ");
    child.stdin?.end("answer");
    assert.deepEqual(await ended(child), { code: 0, signal: null, stdout: "answer", stderr: "" });
  });

  test("input that is not read stays for the next process", async (t) => {
    const cwd = folder(t);
    const first = "(sluice $G/hello.wasm; cat)";
    assert.equal((await shell(`printf rest | ${first}`)).stdout, "hello\nrest");
    writeFileSync(join(cwd, "in"), "rest");
    assert.equal((await shell(`${first} < in`, { cwd })).stdout, "hello\nrest");
  });

  test("a guest that reads eleven bytes one by one leaves the others for the next process", async () => {
    const { stdout } = await shell("printf 0123456789+rest | (sluice $G/read-one-by-one.wasm; cat)");
    assert.equal(stdout, "rest");
  });

  test(
    "the descriptors that others share with us are not made non-blocking",
    { skip: process.platform !== "linux" && "needs /proc/self/fdinfo" },
    async () => {
      const flags = "grep -h flags: /proc/self/fdinfo/0 /proc/self/fdinfo/1 /proc/self/fdinfo/2";
      const { stdout } = await shell(`printf x | { sluice $G/copy-loop.wasm; ${flags}; } 2>&1 | cat`);
      const all = [...stdout.matchAll(/flags:\s+(\d+)/g)].map((match) => Number.parseInt(match[1] ?? "", 8));
      assert.equal(all.length, 3);
      for (const each of all) assert.equal(each & constants.O_NONBLOCK, 0);
    },
  );

  test("a descriptor that is open for both directions serves as input", async (t) => {
    const path = join(folder(t), "both");
    writeFileSync(path, "12345");
    const both = openSync(path, "r+");
    const { code, stdout } = await ended(start([guest("copy-loop")], { stdio: [both, "pipe", "pipe"] }));
    closeSync(both);
    assert.deepEqual([code, stdout], [0, "12345"]);
  });
});

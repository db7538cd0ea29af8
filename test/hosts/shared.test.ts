/** What a guest shares with others is left as it was: descriptors, and the process's own streams. */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { connect, createServer, type Socket } from "node:net";
import { describe, test } from "node:test";
import { fileURLToPath } from "node:url";
import { CollectSink, PeerClosed, run } from "../../src/index.ts";
import { sinkFailure } from "../../src/hosts/node/writable.ts";
import { compiled } from "../run/support.ts";

const CHILD = fileURLToPath(new URL("children/shared.ts", import.meta.url));
const O_NONBLOCK = 0o4000;

describe("what is shared", { skip: process.platform !== "linux" && "reads /proc" }, () => {
  for (const [way, ends] of [
    ["end", []],
    ["abort", ["abort"]],
    ["abort, in a thread of its own,", ["abort", "thread"]],
  ] as const) {
    test(`a socket that others have too blocks again after the ${way} of a guest that needed it not to`, async () => {
      // A pair of sockets is what Node gives a child as "pipe": the child looks at its own end.
      const child = spawn(process.execPath, [CHILD, ...ends], { stdio: ["pipe", "pipe", "pipe", "ipc"] });
      child.stdin?.write("x".repeat(1_000_000));
      child.stdin?.on("error", () => {});
      assert.deepEqual(await once(child, "message"), ["changed", undefined]);
      child.stdout?.resume();
      const [flags] = (await once(child, "message")) as [{ readonly before: number; during: number; after: number }];
      child.disconnect();
      child.stdin?.end();
      assert.equal(flags.before & O_NONBLOCK, 0);
      assert.equal(flags.during & O_NONBLOCK, O_NONBLOCK, "it was not changed at all: the test shows nothing");
      assert.equal(flags.after & O_NONBLOCK, 0);
    });
  }
});

test("the process's own streams keep no listener of a guest's, however many guests there were", async (t) => {
  // Whoever started the tests may hold the other end open for ever.
  t.after(() => process.stdin.destroy());
  const hello = await compiled("hello");
  const count = (): number[] =>
    [process.stderr, process.stdin].flatMap((stream) => stream.eventNames().map((name) => stream.listenerCount(name)));
  await run(hello, { stdin: process.stdin, stderr: process.stderr });
  const before = count();
  for (let round = 0; round < 15; round++) {
    // oxlint-disable-next-line no-await-in-loop -- one guest after the other
    await run(hello, { stdin: process.stdin, stderr: process.stderr });
  }
  assert.deepEqual(count(), before);
});

test("a process ends whose input was given to a guest, and is still open", async () => {
  const program = `
    import { readFile } from "node:fs/promises";
    import { run } from ${JSON.stringify(fileURLToPath(new URL("../../src/index.ts", import.meta.url)))};
    const bytes = await readFile(${JSON.stringify(fileURLToPath(new URL("../guests/built/", import.meta.url)))} + process.argv[1] + ".wasm");
    await run(bytes, { stdin: process.stdin, stdout: process.stdout });`;
  for (const [guest, input] of [
    ["hello", ""],
    // Asks, and is answered.
    ["say-then-ask", "an answer\n"],
  ] as const) {
    const child = spawn(process.execPath, ["--input-type=module", "--eval", program, guest], {
      stdio: ["pipe", "ignore", "inherit"],
    });
    if (input !== "") child.stdin?.write(input);
    // oxlint-disable-next-line no-await-in-loop -- one process after the other
    const [code] = (await once(child, "exit")) as [number];
    assert.equal(code, 0, guest);
    child.stdin?.destroy();
  }
});

test("7.4 a reader of a socket that leaves with bytes unread closes the stream, as one of a pipe does", async () => {
  for (const code of ["EPIPE", "ECONNRESET"]) {
    assert.ok(sinkFailure(Object.assign(new Error(code), { code })) instanceof PeerClosed, code);
  }
  const server = createServer();
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  assert.ok(typeof address === "object" && address);
  const stdout = connect(address.port, "127.0.0.1");
  const [reader] = (await once(server, "connection")) as [Socket];
  reader.once("readable", () => reader.resetAndDestroy());
  const names: string[] = [];
  const trace = (name: string, _values: readonly unknown[], outcome: string): void =>
    void names.push(`${name} ${outcome}`);
  const stderr = new CollectSink();
  await run(await compiled("writer"), { args: ["writer", "100000000"], stdout, stderr, trace });
  server.close();
  const errors = names.filter((line) => line.includes("!"));
  assert.ok(errors.length > 0);
  for (const line of errors) assert.match(line, /closed/);
});

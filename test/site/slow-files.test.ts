/** Files with gates keep the contract of files, and hold bytes back. */
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { test } from "node:test";
import { instantiate, MemoryFiles, runCommand } from "../../src/index.ts";
import { checkFiles, eventually } from "../../src/testing/index.ts";
import type { FileFrame } from "../../site/protocol.ts";
import { SlowFiles } from "../../site/worker/slow-files.ts";
import { Valve } from "../../site/worker/valve.ts";
import { turn } from "../run/support.ts";

const BUFFER_BYTES = 65_536;

test("files whose gates are open are as any others", async () => {
  await checkFiles(() => ({
    directory: new SlowFiles(Infinity).root(new MemoryFiles().root()),
    elsewhere: new SlowFiles(Infinity).root(new MemoryFiles().root()),
  }));
});

test("a valve lets through what its rate allows, and one drop more when it is told to", async () => {
  const valve = new Valve(0);
  const asked = Promise.resolve(valve.ask(10));
  assert.equal(valve.isAwaited, true);
  valve.tick(1000);
  assert.equal(valve.isAwaited, true);
  valve.let(3);
  assert.equal(await asked, 3);
  valve.passed(3);
  valve.rate = 1000;
  const later = Promise.resolve(valve.ask(10));
  valve.tick(5);
  assert.equal(await later, 5);
  valve.passed(5);
  valve.rate = Infinity;
  assert.equal(valve.ask(10), 10);
  assert.equal(valve.passedBytes, 8);
});

test("a guest waits for the gates of its files, and all arrives when they are opened", async () => {
  const text = "over the weir the river goes\n".repeat(1000);
  const memory = MemoryFiles.from({ "from.txt": text });
  const files = new SlowFiles(0);
  const instance = await instantiate(await readFile(new URL("../guests/built/cp.wasm", import.meta.url)), {
    args: ["cp", "/from.txt", "/to.txt"],
    cwd: "/",
    preopens: { "/": files.root(memory.root()) },
  });
  const ended = runCommand(instance);
  const frames = (): readonly FileFrame[] => files.frames(0, instance.levels?.().files ?? [], BUFFER_BYTES);

  assert.ok(await eventually(() => frames()[0]?.readerWaits === true, turn));
  assert.deepEqual(
    frames().map(({ path, isWritten, passedBytes, bufferedBytes }) => ({
      path,
      isWritten,
      passedBytes,
      bufferedBytes,
    })),
    [{ path: "/from.txt", isWritten: false, passedBytes: 0, bufferedBytes: text.length }],
  );
  for (const valve of files.valves) valve.rate = Infinity;

  assert.ok(await eventually(() => frames()[1]?.writerWaits === true, turn));
  const written = frames()[1];
  assert.ok(written && written.isWritten && written.bufferedBytes > 0);
  // It writes and flushes, which permits nothing meanwhile.
  assert.deepEqual([written.state, written.permittedBytes], ["flushing", 0]);
  assert.deepEqual([written.path, written.passedBytes], ["/to.txt", 0]);
  for (const valve of files.valves) valve.rate = Infinity;

  assert.equal(await ended, 0);
  assert.deepEqual(memory.toTree().get("to.txt"), new TextEncoder().encode(text));
  assert.deepEqual(
    frames().map(({ passedBytes }) => passedBytes),
    [text.length, text.length],
  );
});

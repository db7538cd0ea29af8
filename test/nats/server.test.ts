/** natsSink and natsSource on a real server. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { Signal } from "../../src/io/readiness.ts";
import { woken } from "../../src/io/steps.ts";
import { run } from "../../src/index.ts";
import { natsSink, natsSource, StreamConfigError } from "../../src/nats/index.ts";
import { checkInputStream, checkOutputStream } from "../../src/testing/index.ts";
import { inputOf, outputOf } from "../testing/fixtures.ts";
import { onServer } from "./on-server.ts";
import { guest, keeping } from "./server.ts";

onServer("on a server", (on) => {
  let streams = 0;

  async function newStream(more: object = {}): Promise<string> {
    const name = `S${++streams}`;
    await on.at.manager.streams.add({ ...keeping(name, [name.toLowerCase()]), ...more });
    return name;
  }

  /** The server answers what was asked before: no turn is shorter than that. */
  const turn = (): Promise<void> => on.at.nc.flush();

  test("natsSink keeps every rule that can be tried", async () => {
    const { skipped } = await checkOutputStream(async () => {
      const stream = await newStream();
      const sink = await natsSink(on.at.nc, { stream, window: 4096, message: 1000, ackWait: 2000 });
      return {
        ...outputOf(sink, 5000),
        turn,
        arrived: () => on.at.bytes(stream),
        fail: () => on.at.manager.streams.delete(stream).then(() => {}),
        leave: () => on.at.manager.streams.update(stream, { sealed: true }).then(() => {}),
      };
    });
    // The server takes what comes; that somebody waits for it is played in memory.
    assert.deepEqual(new Set(skipped.map(({ reason }) => reason.replace(/,.*/, ""))), STALLS);
  });

  const STALLS = new Set(["the fixture has no stall", "the fixture has no input"]);

  test("natsSource keeps every rule that can be tried", async () => {
    const { skipped } = await checkInputStream(async () => {
      const stream = await newStream();
      const sink = await natsSink(on.at.nc, { stream, message: 64 });
      const source = await natsSource(on.at.nc, { stream });
      const supply = async (bytes: Uint8Array): Promise<void> => {
        sink.write(bytes);
        // oxlint-disable-next-line no-await-in-loop -- until the server has it
        while (!sink.flush()) await turn();
      };
      return {
        ...inputOf(source),
        turn,
        supply,
        supplyLater: supply,
        end: () => sink.end(0).then(() => {}),
        dispose: () => source.close(),
      };
    });
    assert.deepEqual(new Set(skipped.map(({ reason }) => reason)), new Set(["the fixture has no fail"]));
  });

  test("a guest reads one stream and writes another, with the exit code at the end", async () => {
    const [input, output] = [await newStream(), await newStream()];
    const text = Buffer.from("line\n".repeat(50_000));
    const feed = await natsSink(on.at.nc, { stream: input, message: 10_000 });
    await run(guest("cat"), { stdin: text, stdout: feed });
    await feed.end(0);
    const stdout = await natsSink(on.at.nc, { stream: output });
    const { exitCode } = await run(guest("cat"), { stdin: await natsSource(on.at.nc, { stream: input }), stdout });
    const sequence = await stdout.end(exitCode);
    assert.equal((await on.at.bytes(output)).equals(text), true);
    const again = await natsSource(on.at.nc, { stream: output, from: sequence });
    while (again.read(1) !== null) await turn();
    assert.deepEqual(again.end, { exitCode: 0, digest: undefined, first: 1 });
    await assert.rejects(natsSink(on.at.nc, { stream: output }), /has ended, in message/);
  });

  test("a server that is killed and comes back is waiting to a guest, and loses and doubles nothing", async () => {
    const [input, output] = [await newStream(), await newStream()];
    const text = Buffer.from(Array.from({ length: 200_000 }, (_, line) => `${line}\n`).join(""));
    const feed = await natsSink(on.at.nc, { stream: input, message: 3000, window: 30_000, ackWait: 1000 });
    const reading = natsSource(on.at.nc, { stream: input, ackWait: 1000 });
    const stdout = await natsSink(on.at.nc, { stream: output, message: 5000, window: 50_000, ackWait: 1000 });
    // As much at a time as is asked for, so that there is something under way whenever the server is killed.
    const supply = { wanted: 0, given: 0, changed: new Signal() };
    const stdin = async (max: number): Promise<Uint8Array | null> => {
      // oxlint-disable-next-line no-await-in-loop -- until more is wanted
      while (supply.given >= supply.wanted && supply.given < text.length) await woken(supply.changed);
      const piece = text.subarray(supply.given, supply.given + max);
      supply.given += piece.length;
      return piece.length === 0 ? null : piece;
    };
    const want = (bytes: number): void => {
      supply.wanted += bytes;
      supply.changed.notify();
    };
    const feeding = run(guest("cat"), { stdin, stdout: feed }).then(() => feed.end(0));
    const filtering = run(guest("cat"), {
      stdin: await reading,
      stdout,
      stderr: (chunk) => process.stderr.write(chunk),
    });
    for (let kills = 0; kills < 3; kills++) {
      // Somewhere in the middle of it: not before some of it is done.
      const { nc, manager } = await on.server.connect();
      const seen = (await manager.streams.info(output)).state.last_seq;
      want(300_000);
      while ((await manager.streams.info(output)).state.last_seq < seen + 5) await nc.flush();
      await nc.drain();
      await on.server.signal("SIGKILL");
      await on.server.start();
    }
    want(text.length);
    const [{ exitCode }] = await Promise.all([filtering, feeding]);
    assert.equal(exitCode, 0);
    assert.equal((await on.at.bytes(output)).equals(text), true);
  });

  test("what would break the promise is refused before anything runs", async () => {
    const refuses = async (config: object, message: RegExp, options: object = {}): Promise<void> => {
      const stream = await newStream(config);
      await assert.rejects(natsSink(on.at.nc, { stream, ...options }), (error: Error) => {
        assert.ok(error instanceof StreamConfigError || error instanceof RangeError, String(error));
        assert.match(error.message, message);
        return true;
      });
    };
    await refuses({ discard: "old", max_msgs: 5 }, /does not keep what it has acknowledged: when it is full/);
    await refuses({ retention: "workqueue" }, /its retention is workqueue/);
    await refuses({ max_msgs_per_subject: 1 }, /keeps 1 messages of each subject/);
    await refuses({ subjects: ["a.*", "b"] }, /has not exactly one subject: it has a\.\*, b; say which/);
    await refuses({ subjects: ["c.*"] }, /takes no messages of subject d\.e/, { subject: "d.e" });
    await refuses({}, /message must be a whole number from 1 to \d+, got 2000000/, { message: 2_000_000 });
    await assert.rejects(natsSink(on.at.nc, { stream: "NONE" }), /There is no stream NONE/);
    await assert.rejects(natsSource(on.at.nc, { stream: "NONE" }), /There is no stream NONE/);
  });
});

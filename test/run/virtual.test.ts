/** Streams that a component implements, for another component: in one binary, and put together at run time. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import {
  CollectSink,
  instantiate,
  InternalError,
  InvalidComponentError,
  PeerClosed,
  run,
  Trap,
  type Imports,
  type Options,
  type RunningInstance,
} from "../../src/index.ts";
import { collector, compiled, heldSource, turn, until } from "./support.ts";

/** What test/guests/src/rust/stream-user exports. */
interface Steps {
  play(steps: string): Promise<string[]>;
}

/** What is alive of what virtual-streams has given out. */
interface Live {
  readonly errors: number;
  readonly pollables: number;
  readonly inputStreams: number;
  readonly outputStreams: number;
}

const NOTHING: Live = { errors: 0, pollables: 0, inputStreams: 0, outputStreams: 0 };

/** A user, and the streams that it uses. */
interface Pair extends Steps {
  live(): Promise<Live>;
  close(): Promise<void>;
}

type Compose = (streams: Options, user?: Options) => Promise<Pair>;

async function inOneBinary(streams: Options, user: Options = {}): Promise<Pair> {
  return pairOf(await instantiate(await compiled("composed-streams"), { ...streams, ...user }));
}

async function atRunTime(streams: Options, user: Options = {}): Promise<Pair> {
  const library = await instantiate(await compiled("virtual-streams"), streams);
  const imports = library.exports as Imports;
  return pairOf(await instantiate(await compiled("stream-user"), { ...user, imports }), library);
}

function pairOf(user: RunningInstance, library = user): Pair {
  const { play } = user.exports["sluice:guests/steps"] as Steps;
  const live = (): Promise<Live> => liveIn(library.exports);
  const close = async (): Promise<void> => {
    await user.close();
    await library.close();
  };
  return { play, live, close };
}

function liveIn(exports: RunningInstance["exports"]): Promise<Live> {
  const { live } = exports["sluice:guests/virtual-stats"] as { live(): Promise<Live> };
  return live();
}

/** A sink that has taken a chunk, and the next one only after `take`. */
function heldSink(): { sink(chunk: Uint8Array): Promise<void>; readonly chunks: string[]; take(): void } {
  const chunks: string[] = [];
  let take = (): void => {};
  return {
    chunks,
    sink(chunk) {
      chunks.push(Buffer.from(chunk).toString());
      return new Promise((resolve) => (take = resolve));
    },
    take: () => take(),
  };
}

/** What stream-user writes, as virtual-streams passes it on. */
function upper(count: number): string {
  return "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ\n".repeat(Math.ceil(count / 37)).slice(0, count);
}

function repeated<T>(count: number, values: readonly T[]): T[] {
  return Array.from({ length: count }, () => values).flat();
}

const WAYS: readonly (readonly [string, Compose])[] = [
  ["in one binary", inOneBinary],
  ["at run time", atRunTime],
];

for (const [way, compose] of WAYS) {
  describe(`streams of a component, ${way}`, () => {
    test("the permit is what is free of its 64 bytes, and nothing during a flush", async () => {
      const output = heldSink();
      const { play, close } = await compose({ stdout: output.sink });
      const saw = await play("check write:40 check write:0 check write:24 check");
      assert.deepEqual(saw, ["64", "ok", "24", "ok", "24", "ok", "0"]);
      assert.deepEqual(output.chunks, [], "it only works when it is called to");
      assert.deepEqual(await play("subscribe ready check flush check"), ["ok", "true", "64", "ok", "0"]);
      assert.deepEqual(output.chunks, [upper(64)]);
      const flushed = play("ready check block check drop-pollable drop");
      output.take();
      assert.deepEqual(await flushed, ["false", "0", "ok", "64", "ok", "ok"]);
      await close();
    });

    test("everything arrives, in order and changed, however slow the reader", async () => {
      const taken: string[] = [];
      let underWay = 0;
      const { play, live, close } = await compose({
        limits: { bufferBytes: 64 },
        async stdout(chunk) {
          assert.equal(underWay++, 0, "one chunk at a time");
          assert.ok(chunk.length <= 64, `${chunk.length} bytes`);
          taken.push(Buffer.from(chunk).toString());
          await new Promise((resolve) => setImmediate(resolve));
          underWay--;
        },
      });
      const saw = await play(`${"check write:64 check poll:o ".repeat(100)} check write:10 flush poll:o drop`);
      assert.deepEqual(saw, [...repeated(100, ["64", "ok", "0", "0"]), "64", "ok", "ok", "0", "ok"]);
      assert.equal(taken.join(""), upper(6410));
      assert.deepEqual(await live(), NOTHING);
      await close();
    });

    test("blocking writes wait in it as often as it takes", async () => {
      const { sink, text } = collector();
      const { play, close } = await compose({ stdout: sink, limits: { bufferBytes: 16 } });
      assert.deepEqual(await play("blocking-write:4096 check"), ["ok", "64"]);
      assert.equal(text(), upper(4096));
      assert.deepEqual(await play("zeroes:3 blocking-flush check"), ["ok", "ok", "64"]);
      assert.equal(text(), `${upper(4096)}\0\0\0`);
      await close();
    });

    test("what was written goes on while its user waits for input", async () => {
      const output = collector();
      const input = heldSource();
      const { play, close } = await compose({ stdin: input.source, stdout: output.sink });
      const waiting = play("check write:9 poll:i read:100");
      await until(() => input.asked && output.text() !== "");
      assert.equal(output.text(), upper(9));
      input.give("answer");
      assert.deepEqual(await waiting, ["64", "ok", "0", "answer"]);
      await close();
    });

    test("input comes through as it is, spliced within the permit, to its end", async () => {
      const { sink, text } = collector();
      const { play, live, close } = await compose({ stdin: { text: `some ${"input ".repeat(20)}` }, stdout: sink });
      assert.deepEqual(await play("blocking-read:4 splice:1000 splice:1000 blocking-flush"), ["some", "64", "0", "ok"]);
      assert.deepEqual(await play("splice:1000 blocking-flush blocking-read:9 poll:oi"), ["57", "ok", "closed", "0,1"]);
      assert.equal(text(), ` ${"INPUT ".repeat(20)}`);
      await play("drop");
      assert.deepEqual(await live(), NOTHING);
      await close();
    });

    test("a write beyond the permit ends its user", async () => {
      for (const steps of ["check write:65", "check write:60 write:5", "check flush write:1", "zeroes:65"]) {
        const output = new CollectSink();
        const { play, close } = await compose({ stdout: output });
        await assert.rejects(play(`check ${steps}`), WebAssembly.RuntimeError, steps);
        await assert.rejects(play("check"), WebAssembly.RuntimeError, "for good");
        await close();
        assert.equal(output.text(), "", steps);
      }
    });

    test("a failure of the host's stream is reported once, as an error of the component's, then the stream is closed", async () => {
      const { play, live, close } = await compose({
        stdout: () => {
          throw Object.assign(new Error("no space left on device"), { code: "ENOSPC" });
        },
      });
      const failed = "failed: virtual: Error: no space left on device";
      assert.deepEqual(await play("check write:64 flush poll:o check"), ["64", "ok", "ok", "0", failed]);
      const saw = await play("check write:100 flush poll:o blocking-write:1 splice:1 check drop");
      assert.deepEqual(saw, ["closed", "closed", "closed", "0", "closed", "closed", "closed", "ok"]);
      assert.deepEqual(await live(), NOTHING);
      await close();
    });

    test("a reader that has left closes the stream, and is no failure", async () => {
      const { play, close } = await compose({
        stdout: () => {
          throw new PeerClosed();
        },
      });
      assert.deepEqual(await play("check write:64 flush poll:o check check"), [
        "64",
        "ok",
        "ok",
        "0",
        "closed",
        "closed",
      ]);
      await close();
    });

    test("a user that waits is suspended, through both components: other guests go on", async () => {
      const output = heldSink();
      const { play, close } = await compose({ stdout: output.sink });
      let isOver = false;
      const waiting = play("check write:64 flush subscribe block check").then((saw) => {
        isOver = true;
        return saw;
      });
      await until(() => output.chunks.length > 0);
      const other = new CollectSink();
      await run(await compiled("hello"), { stdout: other });
      assert.deepEqual([other.text(), isOver], ["hello\n", false]);
      output.take();
      assert.deepEqual(await waiting, ["64", "ok", "ok", "ok", "ok", "64"]);
      await close();
    });

    test("a drop waits for what was written, through both components", async () => {
      const output = heldSink();
      const { play, live, close } = await compose({ stdout: output.sink });
      const dropped = play("check write:10 drop");
      await until(() => output.chunks.length > 0);
      output.take();
      assert.deepEqual(await dropped, ["64", "ok", "ok"]);
      assert.deepEqual(output.chunks, [upper(10)]);
      assert.deepEqual(await live(), NOTHING);
      await close();
    });

    test("what is alive is counted", async () => {
      const { play, live, close } = await compose({ stdin: { text: "x" } });
      await play("check subscribe read:1");
      assert.deepEqual(await live(), { errors: 0, pollables: 1, inputStreams: 1, outputStreams: 1 });
      await play("drop");
      assert.deepEqual(await live(), NOTHING);
      await close();
    });
  });
}

describe("ordinary guests on the streams of a component", () => {
  /** Runs a guest on virtual streams over these. */
  async function runVirtual(name: string, streams: Options, args: readonly string[] = [name]) {
    const stdout = new CollectSink();
    const stderr = new CollectSink();
    const library = await instantiate(await compiled("virtual-streams"), { stdout, stderr, ...streams });
    const { exitCode } = await run(await compiled(name), { args, imports: library.exports as Imports });
    await library.close();
    return { exitCode, stdout: stdout.text(), stderr: stderr.text() };
  }

  for (const [name, expected] of [
    ["hello", "HELLO\n"],
    ["cat", "ONE TWO\nTHREE\n"],
    ["wc", "2 3 14\n"],
    ["copy-bwf", "ONE TWO\nTHREE\n"],
    ["copy-splice", "ONE TWO\nTHREE\n"],
  ] as const) {
    test(`${name} knows nothing of it`, async () => {
      const { exitCode, stdout, stderr } = await runVirtual(name, { stdin: { text: "one two\nthree\n" } });
      assert.deepEqual([exitCode, stdout, stderr], [0, expected, ""]);
    });
  }

  test("a writer is permitted 64 bytes at a time", async () => {
    const { exitCode, stdout, stderr } = await runVirtual("writer", {}, ["writer", "6400"]);
    assert.deepEqual([exitCode, stdout.length, stderr], [0, 6400, "WRITES 100 ZERO-PERMITS 99\n"]);
  });

  test("a command in one binary with them is run as any other", async () => {
    const { sink, text } = collector();
    const { exitCode } = await run(await compiled("composed-streams"), { stdin: { text: "one\ntwo\n" }, stdout: sink });
    assert.deepEqual([exitCode, text()], [0, "ONE\nTWO\n"]);
  });

  test("a guest that gets pollables elsewhere is refused before it runs: they are of another type", async () => {
    const { exports, close } = await instantiate(await compiled("virtual-streams"));
    await assert.rejects(
      run(await compiled("timer-not-early"), { imports: exports as Imports }),
      (error) => error instanceof InvalidComponentError && /monotonic-clock#subscribe-duration/.test(error.message),
    );
    await close();
  });

  test("its streams may stand on those of another", async () => {
    const stdout = (): never => {
      throw new Error("no");
    };
    const inner = await instantiate(await compiled("virtual-streams"), { stdout });
    const outer = await instantiate(await compiled("virtual-streams"), { imports: inner.exports as Imports });
    const { play } = await userOf(outer.exports as Imports);
    const saw = await play("check write:64 flush poll:o check check");
    assert.deepEqual(saw, ["64", "ok", "ok", "0", "failed: virtual: virtual: Error: no", "closed"]);
    await Promise.all([outer.close(), inner.close()]);
  });

  test("two users of one instance share its streams, in turn", async () => {
    const output = new CollectSink();
    const { exports, close } = await instantiate(await compiled("virtual-streams"), { stdout: output });
    const imports = exports as Imports;
    const [one, two] = [await userOf(imports), await userOf(imports)];
    assert.deepEqual(await one.play("check write:30"), ["64", "ok"]);
    assert.deepEqual(await two.play("check write:30 check"), ["34", "ok", "4"]);
    assert.deepEqual(await one.play("check drop"), ["4", "ok"]);
    assert.equal(output.text(), upper(30) + upper(30));
    assert.deepEqual(await two.play("check"), ["64"]);
    await close();
  });

  test("who comes while another waits in it is refused, and harms nobody", async () => {
    const output = heldSink();
    const { exports, close } = await instantiate(await compiled("virtual-streams"), { stdout: output.sink });
    const imports = exports as Imports;
    const [one, two] = [await userOf(imports), await userOf(imports)];
    const waiting = one.play("check write:64 flush poll:o check");
    await until(() => output.chunks.length > 0);
    await assert.rejects(two.play("check"), isRefusal);
    await assert.rejects(liveIn(exports), isRefusal);
    output.take();
    assert.deepEqual(await waiting, ["64", "ok", "ok", "0", "64"]);
    assert.equal((await liveIn(exports)).outputStreams, 1);
    await close();
  });

  test("a user that comes while a call of the embedder's waits in it is refused", async () => {
    const output = heldSink();
    const { exports, close } = await instantiate(await compiled("virtual-streams"), { stdout: output.sink });
    const { getStdout } = exports["wasi:cli/stdout@0.2.12"] as {
      getStdout(): Promise<{ blockingWriteAndFlush(bytes: Uint8Array): Promise<void> }>;
    };
    const waiting = (await getStdout()).blockingWriteAndFlush(Buffer.from("x"));
    await until(() => output.chunks.length > 0);
    const user = await userOf(exports as Imports);
    await assert.rejects(user.play("check"), isRefusal);
    output.take();
    await waiting;
    await close();
  });

  test("one that trapped, or is closed, is over for everybody", async () => {
    const { exports } = await instantiate(await compiled("virtual-streams"));
    const imports = exports as Imports;
    const [one, two] = [await userOf(imports), await userOf(imports)];
    await assert.rejects(one.play("check write:65"), WebAssembly.RuntimeError);
    await assert.rejects(two.play("check"), isRefusal);
    await assert.rejects(liveIn(exports), WebAssembly.RuntimeError);
    const closed = await instantiate(await compiled("virtual-streams"));
    const user = await userOf(closed.exports as Imports);
    assert.deepEqual(await user.play("check write:10"), ["64", "ok"]);
    await closed.close();
    await assert.rejects(user.play("check"), isRefusal);
  });

  test("a user that waits in one that is closed is over", async () => {
    const output = heldSink();
    const { exports, close } = await instantiate(await compiled("virtual-streams"), { stdout: output.sink });
    const user = await userOf(exports as Imports);
    const waiting = user.play("check write:64 flush poll:o check");
    await until(() => output.chunks.length > 0);
    const closing = close();
    await assert.rejects(waiting, (error) => error instanceof InternalError && /is closed/.test(error.message));
    output.take();
    await closing;
  });

  test("a user without promises may not wait in it either", async () => {
    const output = heldSink();
    const { exports, close } = await instantiate(await compiled("virtual-streams"), { stdout: output.sink });
    const user = await instantiate(await compiled("stream-user"), { imports: exports as Imports, syncExports: true });
    const { play } = user.exports["sluice:guests/steps"] as { play(steps: string): string[] };
    assert.deepEqual(play("check write:64 check"), ["64", "ok", "0"]);
    assert.throws(
      () => play("flush poll:o"),
      (error) => error instanceof Trap && error.rule === "4.3",
    );
    output.take();
    await close();
  });

  function isRefusal(error: unknown): boolean {
    return error instanceof Trap && /cannot enter component instance/.test(error.message);
  }

  async function userOf(imports: Imports): Promise<Steps> {
    const { exports } = await instantiate(await compiled("stream-user"), { imports });
    return exports["sluice:guests/steps"] as Steps;
  }
});

test("an abort ends a user that waits in another component", async () => {
  let chunks = 0;
  const stdout = (): Promise<void> => {
    chunks++;
    return new Promise(() => {});
  };
  const library = await instantiate(await compiled("virtual-streams"), { stdout });
  const controller = new AbortController();
  const user = await instantiate(await compiled("stream-user"), {
    imports: library.exports as Imports,
    signal: controller.signal,
  });
  const { play } = user.exports["sluice:guests/steps"] as { play(steps: string): Promise<string[]> };
  let ended: unknown = "still waits";
  play("check write:64 flush poll:o check").catch((error: unknown) => (ended = error));
  await until(() => chunks > 0);
  controller.abort(new Error("enough"));
  for (let turns = 0; turns < 20; turns++) await turn();
  assert.equal(ended, controller.signal.reason);
});

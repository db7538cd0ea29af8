/** Bytes in are bytes out, in order, whatever the pieces: pipes, pulls, splices. */
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "../testing/properties.ts";
import { StreamError } from "../../src/io/errors.ts";
import { InputStream } from "../../src/io/input-stream.ts";
import { Outlet } from "../../src/io/outlet.ts";
import { OutputStream } from "../../src/io/output-stream.ts";
import { Pipe } from "../../src/io/pipe.ts";
import { PullSource } from "../../src/io/pull-source.ts";
import { complete } from "../../src/io/steps.ts";
import { FaultySink, FaultySource, pattern, staysPending } from "./helpers.ts";
import { outcomeOf } from "./play.ts";

const pieces = fc.array(fc.integer({ min: 1, max: 50 }), { minLength: 1, maxLength: 30 });
const small = fc.integer({ min: 1, max: 20 });

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}

/** Reads to the end, in the sizes that come round. */
async function drain(input: InputStream, sizes: readonly number[]): Promise<Uint8Array> {
  const all: number[] = [];
  for (let round = 0; ; round++) {
    const max = sizes[round % sizes.length] ?? 1;
    try {
      // oxlint-disable-next-line no-await-in-loop -- piece by piece
      const bytes = await complete(input.blockingRead(max));
      assert.ok(bytes.length >= 1 && bytes.length <= max, `blocking-read(${max}) gave ${bytes.length}`);
      all.push(...bytes);
    } catch (error) {
      if (error instanceof StreamError && error.payload.tag === "closed") return Uint8Array.from(all);
      throw error;
    }
  }
}

/** Writes all of `bytes` in pieces, as permits allow, then ends. */
async function pour(outlet: Outlet, bytes: Uint8Array, sizes: readonly number[], limitBytes: number): Promise<void> {
  const output = new OutputStream(outlet);
  for (let written = 0, round = 0; written < bytes.length; round++) {
    while (!output.ready()) {
      // oxlint-disable-next-line no-await-in-loop -- until there is room
      await new Promise<void>((resolve) => output.watch({ wake: resolve }));
    }
    const permitted = output.checkWrite();
    assert.ok(permitted > 0 && permitted <= limitBytes, `a permit of ${permitted} with a limit of ${limitBytes}`);
    const piece = bytes.slice(written, written + Math.min(permitted, sizes[round % sizes.length] ?? 1));
    output.write(piece);
    piece.fill(255);
    written += piece.length;
    assert.ok(outlet.bufferedBytes <= limitBytes, `${outlet.bufferedBytes} bytes are held`);
  }
  await outlet.finish();
}

test("a pipe of any size, between a writer and a reader of any pace", async () => {
  await fc.assert(
    fc.asyncProperty(pieces, pieces, small, small, async (writes, reads, capacityBytes, limitBytes) => {
      const bytes = pattern(sum(writes));
      const pipe = new Pipe(capacityBytes);
      const outlet = new Outlet(pipe.sink, limitBytes);
      const [received] = await Promise.all([
        drain(new InputStream(pipe.source), reads),
        pour(outlet, bytes, writes, limitBytes),
      ]);
      assert.deepEqual(received, bytes);
    }),
  );
});

test("a source that pulls chunks, now or later", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(fc.tuple(fc.nat(50), fc.boolean()), { maxLength: 30 }), pieces, async (chunks, reads) => {
      const bytes = pattern(sum(chunks.map(([size]) => size)));
      let given = 0;
      let asked = 0;
      const source = new PullSource(() => {
        const [size, later] = chunks[asked++] ?? [];
        if (size === undefined) return null;
        const chunk = bytes.slice(given, (given += size));
        return later === true ? Promise.resolve(chunk) : chunk;
      });
      assert.deepEqual(await drain(new InputStream(source), reads), bytes);
      assert.equal(asked, chunks.length + 1);
    }),
  );
});

test("a chain of splices through pipes", async () => {
  await fc.assert(
    fc.asyncProperty(pieces, small, small, small, async (splices, first, second, limitBytes) => {
      const bytes = pattern(500);
      const [one, two] = [new Pipe(first), new Pipe(second)];
      const outlet = new Outlet(two.sink, limitBytes);
      const between = async (): Promise<void> => {
        const output = new OutputStream(outlet);
        const input = new InputStream(one.source);
        for (let round = 0; ; round++) {
          const max = splices[round % splices.length] ?? 1;
          try {
            // oxlint-disable-next-line no-await-in-loop -- piece by piece
            const moved = await complete(output.blockingSplice(input, max));
            assert.ok(moved >= 1 && moved <= max, `blocking-splice(${max}) moved ${moved}`);
            assert.ok(outlet.bufferedBytes <= limitBytes);
          } catch (error) {
            assert.ok(error instanceof StreamError && error.payload.tag === "closed");
            break;
          }
        }
        await outlet.finish();
      };
      const [received] = await Promise.all([
        drain(new InputStream(two.source), [7, 3]),
        pour(new Outlet(one.sink, limitBytes), bytes, [5, 11], limitBytes),
        between(),
      ]);
      assert.deepEqual(received, bytes);
    }),
    { numRuns: 50 },
  );
});

test("a pipe that is spliced into itself keeps its bytes, and their order goes round", () => {
  fc.assert(
    fc.property(fc.array(small, { maxLength: 40 }), fc.integer({ min: 1, max: 30 }), (splices, size) => {
      const pipe = new Pipe(30);
      const output = new OutputStream(new Outlet(pipe.sink, 30));
      const input = new InputStream(pipe.source);
      output.checkWrite();
      output.write(pattern(size));
      let turned = 0;
      for (const max of splices) {
        const moved = output.splice(input, max);
        assert.equal(moved, Math.min(max, size));
        turned += moved;
      }
      const expected = new Uint8Array(size).map((_, index) => (turned + index) % size);
      assert.deepEqual(input.read(100).slice(), expected);
    }),
  );
});

test("a pipe whose reader leaves is closed for the writer, also for one that waits", async () => {
  const pipe = new Pipe(2);
  const output = new OutputStream(new Outlet(pipe.sink, 2));
  const writing = complete(output.blockingWriteAndFlush(pattern(10)));
  assert.ok(await staysPending(writing));
  pipe.source.close();
  await assert.rejects(writing, /closed/);
});

test("a pipe whose writer gives up is a failure for the reader, once, then closed", async () => {
  const pipe = new Pipe();
  const input = new InputStream(pipe.source);
  const reading = complete(input.blockingRead(1));
  const cause = new Error("enough");
  new Outlet(pipe.sink).abort(cause);
  await assert.rejects(reading, (error) => error instanceof StreamError && error.cause === cause);
  assert.equal(
    outcomeOf(() => input.read(1)),
    "closed",
  );
});

test("a pipe whose writer is done gives what it holds, then its end", async () => {
  const pipe = new Pipe();
  pipe.sink.write(pattern(3));
  void pipe.sink.close();
  assert.deepEqual(await drain(new InputStream(pipe.source), [2]), pattern(3));
});

test("a pipe must hold at least a byte", () => {
  for (const capacity of [0, -1, 1.5, Number.NaN]) assert.throws(() => new Pipe(capacity), RangeError);
});

const SIZE = 12;

/** Every way to write `count` bytes. */
const WRITERS: Readonly<Record<string, (output: OutputStream, count: number) => unknown>> = {
  write(output, count) {
    output.checkWrite();
    output.write(pattern(count));
  },
  writeZeroes: (output, count) => output.writeZeroes(count),
  splice: (output, count) => output.splice(new InputStream(new FaultySource(pattern(count))), count),
  blockingWriteAndFlush: (output, count) => complete(output.blockingWriteAndFlush(pattern(count))),
  async writeAndFlush(output, count) {
    const steps = output.writeAndFlush(pattern(count));
    if (steps) await complete(steps);
  },
  blockingWriteZeroesAndFlush: (output, count) => complete(output.blockingWriteZeroesAndFlush(count)),
  blockingSplice: (output, count) =>
    complete(output.blockingSplice(new InputStream(new FaultySource(pattern(count))), count)),
};

for (const [name, write] of Object.entries(WRITERS)) {
  for (const [fault, tag] of [
    ["failAt", "failed"],
    ["closeAt", "closed"],
  ] as const) {
    test(`3.16 ${name}, and a sink with ${fault} at every byte: reported once, then closed`, async () => {
      for (let at = 0; at < SIZE; at++) {
        for (const piece of [1, 5, SIZE]) {
          const sink = new FaultySink({ [fault]: at, onFlush: true });
          const output = new OutputStream(new Outlet(sink, 4));
          const told: unknown[] = [];
          for (let call = 0; call < 100 && told.length < 4; call++) {
            let outcome: unknown = "ok";
            try {
              // oxlint-disable-next-line no-await-in-loop -- one after the other
              await write(output, Math.min(piece, 4));
              output.flush();
            } catch (error) {
              assert.ok(error instanceof StreamError, String(error));
              outcome = error.payload.tag === "closed" ? "closed" : "failed";
            }
            if (outcome !== "ok" || told.length > 0) told.push(outcome);
          }
          assert.deepEqual(told, [tag, "closed", "closed", "closed"], `${fault} ${at}, in pieces of ${piece}`);
          assert.equal(sink.bytes().length, at);
          assert.equal(sink.end, "aborted");
          assert.equal(sink.watchers, 0);
        }
      }
    });
  }
}

const READERS: Readonly<Record<string, (input: InputStream, max: number) => unknown>> = {
  read: (input, max) => input.read(max).length,
  skip: (input, max) => input.skip(max),
  blockingRead: async (input, max) => (await complete(input.blockingRead(max))).length,
  blockingSkip: (input, max) => complete(input.blockingSkip(max)),
  splice: (input, max) => new OutputStream(new Outlet(new FaultySink())).splice(input, max),
  blockingSplice: (input, max) => complete(new OutputStream(new Outlet(new FaultySink())).blockingSplice(input, max)),
};

for (const [name, read] of Object.entries(READERS)) {
  for (const [fault, tag] of [
    ["failAt", "failed"],
    ["endAt", "closed"],
  ] as const) {
    test(`2.6 ${name}, and a source with ${fault} at every byte: what came before, then that once, then closed`, async () => {
      for (let at = 0; at <= SIZE; at++) {
        for (const max of [1, 5, SIZE + 1]) {
          const input = new InputStream(new FaultySource(pattern(SIZE), { [fault]: at }));
          let count = 0;
          const told: unknown[] = [];
          for (let call = 0; call < 100 && told.length < 4; call++) {
            try {
              // oxlint-disable-next-line no-await-in-loop -- one after the other
              count += Number(await read(input, max));
              assert.equal(told.length, 0);
            } catch (error) {
              assert.ok(error instanceof StreamError, String(error));
              told.push(error.payload.tag === "closed" ? "closed" : "failed");
            }
          }
          assert.deepEqual(told, [tag, "closed", "closed", "closed"], `${fault} ${at}, at most ${max}`);
          assert.equal(count, at);
        }
      }
    });
  }
}

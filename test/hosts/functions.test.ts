/** Functions and iterables as sources and sinks. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { StreamError } from "../../src/io/errors.ts";
import { InputStream } from "../../src/io/input-stream.ts";
import { BytesSource, ClosedSink, closedSource, CollectSink, DiscardSink } from "../../src/io/memory.ts";
import { Outlet } from "../../src/io/outlet.ts";
import { OutputStream } from "../../src/io/output-stream.ts";
import { PeerClosed, type Source } from "../../src/io/ports.ts";
import { iterableSource } from "../../src/io/iterable-source.ts";
import { PullSource, type Chunk } from "../../src/io/pull-source.ts";
import { PushSink } from "../../src/io/push-sink.ts";
import { complete } from "../../src/io/steps.ts";
import { checkInputStream, checkOutputStream, staysPending, type InputFixture } from "../../src/testing/index.ts";
import { inputIntoOf, inputOf, memoryInput, outputOf, turn } from "../testing/fixtures.ts";
import { gate } from "./gate.ts";

function is(tag: string): (error: unknown) => boolean {
  return (error) => error instanceof StreamError && error.payload.tag === tag;
}

/** A queue that a stream takes its chunks from. */
class Feed {
  readonly #chunks: (Chunk | Error)[] = [];
  #waiting = Promise.withResolvers<void>();

  put(chunk: Chunk | Error): void {
    this.#chunks.push(chunk instanceof Uint8Array ? chunk.slice() : chunk);
    this.#waiting.resolve();
  }

  /** What is there now, at most `max` bytes of it: nothing if there is none, or it has failed. */
  now(max: number): Chunk {
    const [first] = this.#chunks;
    if (!(first instanceof Uint8Array)) return first === null ? null : undefined;
    if (first.length <= max) this.#chunks.shift();
    else this.#chunks[0] = first.subarray(max);
    return first.subarray(0, max);
  }

  async take(): Promise<Chunk> {
    while (this.#chunks.length === 0) {
      this.#waiting = Promise.withResolvers<void>();
      // oxlint-disable-next-line no-await-in-loop -- until there is one
      await this.#waiting.promise;
    }
    const chunk = this.#chunks.shift();
    if (chunk instanceof Error) throw chunk;
    return chunk;
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Uint8Array | string> {
    for (;;) {
      // oxlint-disable-next-line no-await-in-loop -- chunk by chunk
      const chunk = await this.take();
      if (chunk === null || chunk === undefined) return;
      yield chunk;
    }
  }
}

function fed(open: (feed: Feed) => Source, read = inputOf): InputFixture {
  const feed = new Feed();
  return {
    ...read(open(feed)),
    supply: (bytes) => feed.put(bytes),
    supplyLater: (bytes) => feed.put(bytes),
    end: () => feed.put(null),
    fail: () => feed.put(new Error("the other side failed")),
  };
}

test("PullSource over a function keeps every rule", async () => {
  const { skipped } = await checkInputStream(() => fed((feed) => new PullSource(() => feed.take())));
  assert.deepEqual(skipped, []);
});

test("PullSource keeps every rule when it is read into memory of the reader's, now or later", async () => {
  // What comes at once is put there, and what comes later is copied.
  for (const isLater of [false, true]) {
    const pullInto = (feed: Feed) => (into: Uint8Array) => {
      const chunk = isLater ? undefined : feed.now(into.length);
      if (!(chunk instanceof Uint8Array)) return chunk === null ? null : feed.take();
      into.set(chunk);
      return chunk.length;
    };
    const { skipped } = await checkInputStream(() =>
      fed((feed) => new PullSource(() => feed.take(), undefined, undefined, pullInto(feed)), inputIntoOf),
    );
    assert.deepEqual(skipped, []);
  }
});

test("PullSource over an async iterable keeps every rule", async () => {
  const { skipped } = await checkInputStream(() => fed((feed) => iterableSource(feed)));
  assert.deepEqual(skipped, []);
});

test("PullSource over a function that answers at once keeps every rule", async () => {
  await checkInputStream(() => {
    const chunks: Uint8Array[] = [];
    return {
      ...inputOf(new PullSource(() => chunks.shift())),
      supply: (bytes) => void chunks.push(bytes.slice()),
      end: () => {},
    };
  });
});

test("BytesSource keeps every rule", async () => {
  await checkInputStream(() => {
    let bytes = new Uint8Array(0);
    let stream: InputFixture["stream"] | undefined;
    return {
      get stream() {
        return (stream ??= inputOf(new BytesSource(bytes)).stream);
      },
      supply: (more) => {
        bytes = Uint8Array.from([...bytes, ...more]);
      },
      end: () => {},
    };
  });
});

test("a closed source keeps every rule", async () => {
  await checkInputStream(() => ({ ...inputOf(closedSource()), end: () => {} }));
});

test("PushSink over a function that takes chunks at once keeps every rule", async () => {
  await checkOutputStream(() => {
    const chunks: Uint8Array[] = [];
    const sink = new PushSink((chunk) => void chunks.push(chunk));
    return { ...outputOf(sink), arrived: () => Buffer.concat(chunks), input: () => memoryInput() };
  });
});

test("PushSink over a function that gives promises keeps every rule", async () => {
  const { skipped } = await checkOutputStream(() => {
    const chunks: Uint8Array[] = [];
    const door = gate();
    let failure: Error | undefined;
    const sink = new PushSink(async (chunk) => {
      await door.passed();
      if (failure) throw failure;
      chunks.push(chunk);
    });
    const end = (cause: Error) => (): void => {
      failure = cause;
      door.open();
    };
    return {
      ...outputOf(sink, 5000),
      arrived: () => Buffer.concat(chunks),
      stall: door.close,
      release: door.open,
      fail: end(new Error("the other side failed")),
      leave: end(new PeerClosed()),
      input: () => memoryInput(),
    };
  });
  assert.deepEqual(skipped, []);
});

test("CollectSink, DiscardSink and ClosedSink keep every rule", async () => {
  await checkOutputStream(() => {
    const sink = new CollectSink();
    return { ...outputOf(sink), arrived: () => sink.bytes(), input: () => memoryInput() };
  });
  await checkOutputStream(() => outputOf(new DiscardSink()));
  await checkOutputStream(() => ({ ...outputOf(new ClosedSink()), leave: () => {} }), {
    only: ({ rule }) => rule === "7.4",
  });
});

test("PullSource passes on how much is wanted", async () => {
  const asked: number[] = [];
  const source = new PullSource((max) => {
    asked.push(max);
    return new Uint8Array(1);
  });
  source.read(5);
  source.read(70);
  source.read(0);
  source.ready();
  assert.deepEqual(asked.slice(0, 2), [5, 70]);
  assert.equal(asked.length, 3);
});

test("PullSource pulls one chunk at a time, and only when the last one is read", async () => {
  let pulls = 0;
  const input = new InputStream(
    new PullSource(async () => {
      pulls++;
      return new Uint8Array(3);
    }),
  );
  assert.equal(pulls, 0);
  for (let round = 0; round < 5; round++) input.ready();
  assert.equal(pulls, 1);
  for (let read = 0; read < 3; read++) {
    // oxlint-disable-next-line no-await-in-loop -- one after the other
    await complete(input.blockingRead(1));
    assert.equal(pulls, 1);
  }
  await complete(input.blockingRead(1));
  assert.equal(pulls, 2);
});

test("PullSource asks again after an empty chunk", async () => {
  const chunks = ["", "", "text", "", null];
  const input = new InputStream(new PullSource(() => chunks.shift()));
  assert.equal(Buffer.from(await complete(input.blockingRead(9))).toString(), "text");
  await assert.rejects(complete(input.blockingRead(9)), is("closed"));
});

for (const [name, pull] of [
  ["throws", () => assert.fail("broken")],
  ["rejects", () => Promise.reject(new Error("broken"))],
] as const) {
  test(`2.6 a function that ${name} is a failure, once, then closed`, async () => {
    const input = new InputStream(new PullSource(pull));
    await assert.rejects(complete(input.blockingRead(1)), is("last-operation-failed"));
    await assert.rejects(complete(input.blockingRead(1)), is("closed"));
  });
}

for (const garbage of [7, true, {}, [], new Uint16Array(2)]) {
  test(`a function that gives ${typeof garbage} ${JSON.stringify(garbage)} is a failure that says so`, async () => {
    // What a caller without types may do.
    const pull = (() => garbage) as unknown as () => Chunk;
    const input = new InputStream(new PullSource(pull));
    await assert.rejects(complete(input.blockingRead(1)), /must give Uint8Array or string/);
  });
}

test("an iterator is returned when its reader leaves, once", async () => {
  let returned = 0;
  async function* forever(): AsyncGenerator<string> {
    try {
      for (;;) yield "more";
    } finally {
      returned++;
    }
  }
  const source = iterableSource(forever());
  await complete(new InputStream(source).blockingRead(2));
  source.close();
  source.close();
  await turn();
  assert.equal(returned, 1);
});

test("an iterator that has ended or thrown is not returned", async () => {
  for (const last of [{ done: true, value: undefined }, new Error("broken")] as const) {
    let returned = 0;
    const source = iterableSource({
      [Symbol.asyncIterator]: () => ({
        next: async () => {
          if (last instanceof Error) throw last;
          return last;
        },
        return: async () => {
          returned++;
          return { done: true, value: undefined };
        },
      }),
    });
    // oxlint-disable-next-line no-await-in-loop -- one after the other
    await assert.rejects(complete(new InputStream(source).blockingRead(2)));
    source.close();
    // oxlint-disable-next-line no-await-in-loop -- one after the other
    await turn();
    assert.equal(returned, 0);
  }
});

test("an iterator that throws when it is returned harms nobody", async () => {
  const source = iterableSource({
    [Symbol.asyncIterator]: () => ({
      next: async () => ({ done: false, value: "x" }),
      return: () => assert.fail("broken"),
    }),
  });
  source.close();
  await turn();
});

test("a sync iterable of text and bytes is read in order", async () => {
  const input = new InputStream(iterableSource(["a", Uint8Array.of(98), "c"]));
  const text: string[] = [];
  for (let read = 0; read < 3; read++) {
    // oxlint-disable-next-line no-await-in-loop -- one after the other
    text.push(Buffer.from(await complete(input.blockingRead(9))).toString());
  }
  assert.deepEqual(text, ["a", "b", "c"]);
});

test("PushSink hands out nothing more while a promise is pending", async () => {
  const door = gate();
  door.close();
  const sizes: number[] = [];
  const sink = new PushSink((chunk) => {
    sizes.push(chunk.length);
    return door.passed();
  });
  const outlet = new Outlet(sink, 10);
  const output = new OutputStream(outlet);
  for (let permitted = output.checkWrite(); permitted > 0; permitted = output.checkWrite())
    output.write(new Uint8Array(2));
  assert.deepEqual(sizes, [2]);
  assert.equal(outlet.bufferedBytes, 10);
  const flush = complete(output.blockingFlush());
  assert.ok(await staysPending(flush, turn));
  door.open();
  await flush;
  assert.deepEqual(sizes, [2, 10]);
});

test("PushSink gives each chunk away: it may be kept, and changed", async () => {
  const kept: Uint8Array[] = [];
  const output = new OutputStream(new Outlet(new PushSink((chunk) => void kept.push(chunk.fill(7)))));
  const mine = Uint8Array.of(1, 2, 3);
  output.checkWrite();
  output.write(mine);
  mine.fill(0);
  assert.deepEqual([...Buffer.concat(kept)], [7, 7, 7]);
});

test("3.16 a function that throws is a failure of the write that called it", () => {
  const output = new OutputStream(new Outlet(new PushSink(() => assert.fail("broken"))));
  output.checkWrite();
  assert.throws(() => output.write(new Uint8Array(1)), is("last-operation-failed"));
  assert.throws(() => output.checkWrite(), is("closed"));
});

import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "../../testing/properties.ts";
import { StreamError } from "../../../src/io/errors.ts";
import type { Source } from "../../../src/io/ports.ts";
import { changed } from "../../../src/io/steps.ts";
import { OutputStream } from "../../../src/io/output-stream.ts";
import { HttpError } from "../../../src/wasi/http/error-code.ts";
import { NO_BODY } from "../../../src/wasi/http/exchange.ts";
import { IncomingBody } from "../../../src/wasi/http/incoming-body.ts";
import { OutgoingBody } from "../../../src/wasi/http/outgoing-body.ts";
import type { Field } from "../../../src/wasi/http/fields.ts";
import { turn } from "../../run/support.ts";

const text = (bytes: string): Uint8Array => new TextEncoder().encode(bytes);

function sizeOf(error: unknown): unknown {
  if (error instanceof HttpError) return error.payload;
  if (error instanceof StreamError && error.payload.tag === "last-operation-failed")
    return sizeOf(error.payload.val.cause);
  return error instanceof StreamError ? error.payload.tag : error;
}

function caught(call: () => unknown): unknown {
  try {
    call();
  } catch (error) {
    return sizeOf(error);
  }
  return undefined;
}

/** Writes as a guest does, with a permit for each piece. */
function write(stream: OutputStream, bytes: Uint8Array): void {
  assert.ok(stream.checkWrite() >= bytes.length);
  stream.write(bytes);
}

test("a body arrives whole, in pieces of any size, with its trailers", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.uint8Array({ maxLength: 20 }), { maxLength: 10 }),
      fc.integer({ min: 1, max: 30 }),
      fc.boolean(),
      async (pieces, most, counted) => {
        const all = Buffer.concat(pieces);
        const body = new OutgoingBody("response", counted ? BigInt(all.length) : undefined, 16);
        const stream = new OutputStream(body.outlet);
        const trailers: readonly Field[] = [["x-t", text("1")]];
        const read: Uint8Array[] = [];
        const { source } = body.body;
        for (let rest = all as Uint8Array; rest.length > 0;) {
          const permit = stream.checkWrite();
          stream.write(rest.subarray(0, permit));
          rest = rest.subarray(permit);
          read.push(source.read(most)?.slice() ?? text("!"));
          // What was read may wake the writer.
          // oxlint-disable-next-line no-await-in-loop -- in turn
          await turn();
        }
        stream.drop();
        body.finish(trailers);
        const finished = body.outlet.finish();
        for (let bytes; (bytes = source.read(most)) !== null;) {
          read.push(bytes.slice());
          // oxlint-disable-next-line no-await-in-loop -- in turn
          await turn();
        }
        await finished;
        assert.deepEqual(Buffer.concat(read), all);
        assert.deepEqual(await body.body.trailers(), trailers);
      },
    ),
    { numRuns: 50 },
  );
});

test("11.7 what is longer than announced fails where it gets so, and what is shorter at the end", () => {
  for (const side of ["request", "response"] as const) {
    const tag = `HTTP-${side}-body-size` as const;
    const long = new OutgoingBody(side, 4n, 100);
    const stream = new OutputStream(long.outlet);
    write(stream, text("abc"));
    assert.deepEqual(
      caught(() => write(stream, text("defg"))),
      { tag, val: 7n },
    );
    assert.equal(
      caught(() => stream.checkWrite()),
      "closed",
    );
    assert.deepEqual(
      caught(() => long.finish(undefined)),
      { tag, val: 7n },
    );
    assert.deepEqual(
      caught(() => long.body.source.read(10)),
      { tag, val: 7n },
    );

    const short = new OutgoingBody(side, 4n, 100);
    write(new OutputStream(short.outlet), text("abc"));
    assert.deepEqual(
      caught(() => short.finish(undefined)),
      { tag, val: 3n },
    );
    assert.deepEqual(
      caught(() => short.body.source.read(10)),
      { tag, val: 3n },
    );
  }
});

test("11.8 a length after a body is none, and is not sent: other fields are", async () => {
  const lengths = [["content-length", text("5")]] as const;
  const body = new OutgoingBody("response", undefined, 100);
  body.finish([...lengths, ["x-sum", text("1")]]);
  assert.deepEqual(await body.body.trailers(), [["x-sum", text("1")]]);
  const bare = new OutgoingBody("request", undefined, 100);
  bare.finish(lengths);
  await bare.outlet.finish();
  assert.equal(bare.body.isWhole?.(), true);
});

test("11.8 a body that is dropped fails for who reads it, bytes that it has not read included", async () => {
  const body = new OutgoingBody("request", undefined, 100);
  write(new OutputStream(body.outlet), text("abc"));
  body.drop();
  assert.deepEqual(
    caught(() => body.body.source.read(10)),
    { tag: "internal-error", val: undefined },
  );
  assert.equal(body.body.source.read(10), null);
  await assert.rejects(body.body.trailers());
  // As often as anybody likes.
  body.drop();
});

test("11.8 a body that is dropped with all the bytes that were announced is whole", async () => {
  const empty = new OutgoingBody("response", 0n, 100);
  empty.drop();
  assert.equal(empty.body.source.read(10), null);
  // More than the pipe holds.
  const body = new OutgoingBody("response", 6n, 4);
  const stream = new OutputStream(body.outlet);
  write(stream, text("abcd"));
  write(stream, text("ef"));
  body.drop();
  const { source } = body.body;
  let all = "";
  for (let bytes; (bytes = source.read(10)) !== null;) {
    all += Buffer.from(bytes).toString();
    // oxlint-disable-next-line no-await-in-loop -- until it is there
    await turn();
  }
  assert.equal(all, "abcdef");
  assert.equal(await body.body.trailers(), undefined);
});

test("11.8 one that is finished does not fail when it is dropped", () => {
  const body = new OutgoingBody("request", undefined, 100);
  body.finish(undefined);
  void body.outlet.finish();
  body.drop();
  assert.equal(body.body.source.read(10), null);
});

test("11.9 a flush is complete when who reads comes back for more, and before anybody reads", () => {
  const body = new OutgoingBody("request", undefined, 100);
  const stream = new OutputStream(body.outlet);
  write(stream, text("abc"));
  stream.flush();
  assert.equal(stream.checkWrite(), 100);
  const { source } = body.body;
  assert.equal(source.read(2)?.length, 2);
  stream.flush();
  assert.equal(stream.checkWrite(), 0);
  assert.equal(source.read(10)?.length, 1);
  assert.equal(stream.checkWrite(), 0);
  assert.equal(source.read(10)?.length, 0);
  assert.ok(stream.checkWrite() > 0);
});

test("a writer whose reader leaves finds the stream closed", () => {
  const body = new OutgoingBody("response", undefined, 100);
  const stream = new OutputStream(body.outlet);
  body.body.source.close();
  stream.checkWrite();
  assert.equal(caught(() => stream.write(text("a"))) ?? caught(() => stream.checkWrite()), "closed");
});

test("11.10 a body may be read by a guest as it was written by one: what it skips, and what comes after it", async () => {
  const out = new OutgoingBody("response", undefined, 100);
  write(new OutputStream(out.outlet), text("skipped"));
  out.finish([
    ["x-t", text("1")],
    ["connection", text("close")],
  ]);
  void out.outlet.finish();
  const future = new IncomingBody("response", out.body).finish(turn);
  while (!future.ready()) {
    // oxlint-disable-next-line no-await-in-loop -- until it is there
    await turn();
  }
  assert.deepEqual(future.take(), { tag: "settled", value: { tag: "ok", val: [["x-t", text("1")]] } });
  assert.equal(future.take().tag, "taken");
  future.drop();
});

test("what is skipped of a body gives way after a mebibyte, or when it has been nothing as often", async () => {
  let pieces = 40;
  let nothings = 40;
  const source: Source = {
    ...NO_BODY.source,
    read(max) {
      if (pieces-- > 0) return new Uint8Array(max);
      return nothings-- > 0 ? new Uint8Array(0) : null;
    },
  };
  let turns = 0;
  const giveWay = (): Promise<void> => {
    turns++;
    return turn();
  };
  const future = new IncomingBody("response", { ...NO_BODY, source }).finish(giveWay);
  await changed(future);
  assert.equal(turns, 5);
  assert.deepEqual(future.take(), { tag: "settled", value: { tag: "ok", val: undefined } });
});

test("a body says once when it holds nothing any more: read to its end, closed or given up", async () => {
  const ways: readonly ((body: OutgoingBody) => void | Promise<void>)[] = [
    async (body) => {
      body.finish(undefined);
      void body.outlet.finish();
      // oxlint-disable-next-line no-await-in-loop -- until it is at its end
      while (body.body.source.read(10) !== null) await turn();
    },
    (body) => body.body.source.close(),
    (body) => body.drop(),
  ];
  for (const way of ways) {
    let over = 0;
    const body = new OutgoingBody("request", undefined, 100, () => void over++);
    write(new OutputStream(body.outlet), text("abc"));
    body.body.source.read(1);
    assert.equal(over, 0);
    // oxlint-disable-next-line no-await-in-loop -- one after the other
    await way(body);
    assert.equal(over, 1);
    body.body.source.close();
    body.drop();
    assert.equal(over, 1);
  }
});

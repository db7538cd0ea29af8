/* oxlint-disable no-await-in-loop -- what goes over a connection goes in turn */
import { assertFits } from "../io/assert-shape.ts";
import { deferred } from "../io/deferred.ts";
import { InputStream } from "../io/input-stream.ts";
import { OutputStream } from "../io/output-stream.ts";
import { hasMethods, isObject } from "../io/shape.ts";
import type { Family, SocketAddress } from "../wasi/sockets/address.ts";
import type { TcpConnection, TcpPort } from "../wasi/sockets/tcp-port.ts";
import { TcpStreams } from "../wasi/sockets/tcp-streams.ts";
import { inputSubject, outputSubject } from "./adapters.ts";
import { expect, expectOk, expectOutcome, fail, rest, start, type Fixture, type Started } from "./claims.ts";
import { attempt, type Awaitable, type InputSubject, type OutputSubject } from "./subject.ts";
import { eventually } from "./turns.ts";

/** One end of a connection, as a guest has it: its two streams, and what its socket can do. */
export interface ConnectionEnd {
  readonly input: InputSubject;
  readonly output: OutputSubject;
  /** @see WASI 0.2 `wasi:sockets/tcp` `tcp-socket.shutdown` */
  shutdown(direction: "receive" | "send" | "both"): Awaitable<void>;
  /** Drops the streams, then the socket. What was written is still sent; resolves then, or earlier. */
  drop(): Awaitable<void>;
}

/** Two ends of one connection on which nothing has been sent. */
export interface ConnectionFixture extends Fixture {
  readonly near: ConnectionEnd;
  readonly far: ConnectionEnd;
  /** Resets the connection at its far end, whose streams nobody uses then. */
  readonly reset?: () => Awaitable<void>;
  /**
   * The most that may be under way in one direction when nobody reads, all buffers of the system included: 64 MiB if it
   * is missing.
   */
  readonly limitBytes?: number;
}

/** A connection of a network as one end: what a guest would have of it. */
export function connectionEnd(connection: TcpConnection, bufferBytes: number = 64 * 1024): ConnectionEnd {
  const isOne = isObject(connection) && isObject(connection["source"]) && isObject(connection["sink"]);
  assertFits("What connectionEnd takes", connection, "a TcpConnection, with source and sink", isOne);
  const streams = new TcpStreams(connection, bufferBytes);
  const output = new OutputStream(streams.outlet);
  return {
    input: inputSubject(new InputStream(streams.source)),
    output: outputSubject(output),
    shutdown: (direction) => streams.shutdown(direction),
    async drop() {
      output.drop();
      await streams.close();
    },
  };
}

const LOOPBACK: Readonly<Record<Family, string>> = { ipv4: "127.0.0.1", ipv6: "::1" };

/** Two connections of a network that are the ends of one, by the loopback address of its host. */
export async function connectionPair(
  port: TcpPort,
  family: Family = "ipv4",
): Promise<{ readonly near: TcpConnection; readonly far: TcpConnection }> {
  assertFits("What connectionPair takes", port, "a TcpPort, with open", hasMethods<TcpPort>(port, "open"));
  const listener = port.open(family);
  const arrived = deferred<TcpConnection>();
  await listener.bind({ family, ip: LOOPBACK[family], port: 0 });
  await listener.listen(1, { arrived: arrived.resolve, failed: arrived.reject });
  const remote: SocketAddress = listener.local();
  const near = await port.open(family).connect(remote, port.defaults());
  const far = await arrived.promise;
  listener.close();
  return { near, far };
}

/**
 * Turns without any progress after which a transfer has stalled. A system that has missed that its peer takes bytes again asks after
 * a fifth of a second, in which an event loop that has nothing to do turns many thousand times.
 */
const PATIENCE = 10_000;

/** Calls `step` until it says that it is done. Fails if for very many turns it makes no progress. */
export async function eachStep(
  { turn }: Fixture,
  what: string,
  step: () => Promise<"done" | "progress" | "nothing">,
): Promise<void> {
  for (;;) {
    let last: "done" | "progress" | "nothing" = "nothing";
    const moved = await eventually(
      async () => {
        last = await step();
        return last !== "nothing";
      },
      turn,
      PATIENCE,
    );
    if (!moved) fail(`${what} stalls`);
    if ((last as string) === "done") return;
  }
}

/** Writes all of `bytes`, as they are permitted, in pieces of at most `pieceBytes`. */
export async function send(
  fixture: Fixture,
  { output }: ConnectionEnd,
  bytes: Uint8Array,
  pieceBytes: number = 65_536,
): Promise<void> {
  let sent = 0;
  await eachStep(fixture, `sending, at ${bytes.length} bytes,`, async () => {
    if (sent === bytes.length) return "done";
    const permit = Number(await expectOk("check-write", () => output.checkWrite()));
    if (permit === 0) return "nothing";
    const piece = bytes.slice(sent, sent + Math.min(permit, pieceBytes));
    await expectOk("write", () => output.write(piece));
    sent += piece.length;
    return "progress";
  });
}

/** Reads `count` bytes, at most `maxBytes` at a time. */
export async function receive(
  fixture: Fixture,
  end: ConnectionEnd,
  count: number,
  maxBytes: number = 65_536,
): Promise<Uint8Array> {
  const all = new Uint8Array(count);
  let read = 0;
  await eachStep(fixture, `receiving, at ${read} of ${count} bytes,`, async () => {
    if (read === count) return "done";
    const bytes = await expectOk("read", () => end.input.read(Math.min(maxBytes, count - read)));
    all.set(bytes, read);
    read += bytes.length;
    return bytes.length > 0 ? "progress" : "nothing";
  });
  return all;
}

/** Reads up to the end, which has to be `closed`, and stays so. */
export async function receiveAll(fixture: Fixture, end: ConnectionEnd): Promise<Uint8Array> {
  const { bytes, tag } = await drain(fixture, end);
  expect(tag === "closed", `the input ended with ${tag}, expected closed`);
  await expectOutcome("read(8) after the end", "closed", () => end.input.read(8));
  await expectOutcome("read(0) after the end", "closed", () => end.input.read(0));
  return bytes;
}

/** Reads until the input ends, however it does. */
export async function drain(
  fixture: Fixture,
  { input }: ConnectionEnd,
): Promise<{ readonly bytes: Uint8Array; readonly tag: string }> {
  const pieces: Uint8Array[] = [];
  let tag = "";
  await eachStep(fixture, "reading up to the end", async () => {
    const outcome = await attempt(() => input.read(65_536));
    if (outcome.tag === "ok") {
      if (outcome.value.length === 0) return "nothing";
      pieces.push(outcome.value);
      return "progress";
    }
    ({ tag } = outcome);
    return "done";
  });
  const bytes = new Uint8Array(pieces.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const piece of pieces) {
    bytes.set(piece, at);
    at += piece.length;
  }
  return { bytes, tag };
}

/** Writes until nothing is permitted any more, though time goes by; gives how much was taken. */
export async function fill(
  { turn, limitBytes = 64 * 1024 * 1024 }: ConnectionFixture,
  { output }: ConnectionEnd,
  pieceOf: (length: number, from: number) => Uint8Array,
): Promise<number> {
  let sent = 0;
  for (;;) {
    let permit = 0;
    const permitted = await eventually(
      async () => {
        permit = Number(await expectOk("check-write", () => output.checkWrite()));
        return permit > 0;
      },
      turn,
      FULL_TURNS,
    );
    if (!permitted) return sent;
    await expectOk("write", () => output.write(pieceOf(permit, sent)));
    sent += permit;
    expect(sent <= limitBytes, `${sent} bytes are under way, and nobody reads: at most ${limitBytes} may be`);
  }
}

/** Turns without a permit after which a stream is full. */
const FULL_TURNS = 100;

/** Begins what may wait, and lets it go as far as it can. */
export async function begin<T>(fixture: Fixture, what: string, call: () => Awaitable<T>): Promise<Started<T>> {
  const started = start(what, call);
  await rest(fixture);
  return started;
}

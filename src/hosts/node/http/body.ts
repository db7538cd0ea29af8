/** Bodies from and to Node's messages, and what comes over streams of HTTP/2. */
import type { OutgoingMessage } from "node:http";
import type { Socket } from "node:net";
import type { Readable, Writable } from "node:stream";
import type { Source } from "../../../io/ports.ts";
import type { Waker } from "../../../io/readiness.ts";
import type { HttpError } from "../../../wasi/http/error-code.ts";
import type { HttpBody } from "../../../wasi/http/exchange.ts";
import type { Field } from "../../../wasi/http/fields.ts";
import { moreOf } from "../../web/body.ts";
import { nodeSource } from "../readable.ts";
import { fieldsOf, rawValue, textOf } from "./fields.ts";
import { timer } from "./settling.ts";
import { ours, writeOnce } from "./spent.ts";

const READ_BYTES = 64 * 1024;
/** How long the rest of a request is read, and thrown away, that nobody wanted to the end: the response is to arrive. */
const LINGER_MS = 5000;
const LINGER_BYTES = 1024 * 1024;

/** How a message's body is read, and left. */
export interface BodyParts {
  /** What a body that is cut short failed of. */
  readonly cut: (cause: unknown) => HttpError;
  /** Nobody wants the rest. */
  readonly leave: (source: Source) => void;
  /** Called whenever somebody finds nothing in the source, and when they have found something. */
  readonly waits?: (isWaiting: boolean, source: Source) => void;
  /** Whether nobody else reads the stream: see `ours`. */
  readonly isOurs?: boolean;
}

/** What is said around a body that comes in. */
export interface Around {
  readonly rawHeaders: readonly string[];
  /** Once the body is at its end. */
  readonly rawTrailers: readonly string[];
}

/** The body of a message that comes in. Nothing is read ahead of who wants it. */
export function bodyOf(
  stream: Readable,
  around: Around,
  { cut, leave, waits = () => {}, isOurs = false }: BodyParts,
): HttpBody {
  const source = nodeSource(stream);
  const length = rawValue(around.rawHeaders, "content-length");
  return {
    source: {
      read(max) {
        let bytes;
        try {
          bytes = source.read(max);
        } catch (cause) {
          waits(false, source);
          throw cut(cause);
        }
        waits(bytes?.length === 0 && max > 0, source);
        return bytes;
      },
      take(max) {
        // Each chunk of Node's is memory of its own.
        const bytes = source.takeChunk(max);
        if (bytes) waits(false, source);
        return bytes && isOurs ? ours(bytes) : bytes;
      },
      ready: () => source.ready(),
      watch: (waker: Waker) => source.watch(waker),
      unwatch: (waker: Waker) => source.unwatch(waker),
      close() {
        waits(false, source);
        leave(source);
      },
    },
    length: length !== undefined && /^\d+$/.test(length) ? BigInt(length) : undefined,
    trailers(): Promise<readonly Field[] | undefined> {
      const { rawTrailers } = around;
      return Promise.resolve(rawTrailers.length === 0 ? undefined : fieldsOf(rawTrailers));
    },
  };
}

/** What is not longer goes with the header, in one write. */
const SHORT_BYTES = 4096;

/** All bytes of a message that is sent in one go: as text in Latin-1 if they are few, since Node joins that with the header. */
export type Whole = string | Uint8Array;

/** All bytes of a body that is whole. */
export function wholeOf({ source }: HttpBody): Whole {
  let text = "";
  const pieces: Buffer[] = [];
  for (let bytes; (bytes = source.read(READ_BYTES)) !== null;) {
    if (pieces.length === 0 && text.length + bytes.length <= SHORT_BYTES) text += textOf(bytes);
    else {
      if (pieces.length === 0 && text !== "") pieces.push(Buffer.from(text, "latin1"));
      pieces.push(copyOf(bytes));
    }
  }
  const [first] = pieces;
  if (!first) return text;
  return pieces.length === 1 ? first : Buffer.concat(pieces);
}

/** Ends a message, whose header goes with all that is in it. */
export function endWith(to: Writable, whole: Whole): void {
  if (typeof whole === "string") to.end(whole, "latin1");
  else to.end(whole);
}

/** Sends a body, and ends the message. What the body fails of ends the connection: it never looks complete. */
export async function sendBody(body: HttpBody, to: OutgoingMessage, stallMs?: number): Promise<void> {
  await pour(body, to, {
    stallMs,
    end(trailers) {
      if (trailers.length > 0) {
        to.addTrailers(trailers.map(([name, value]): [string, string] => [name, textOf(value)]));
      }
      to.end();
    },
    cut: (cause) => cutMessage(to, cause),
  });
}

/** How the sending of a body ends. */
interface Ends {
  /** See `untilTaken`. */
  readonly stallMs?: number | undefined;
  readonly end: (trailers: readonly Field[]) => void;
  /** It has failed: no part of it may pass for the whole. */
  readonly cut: (cause: Error) => void;
}

/** Writes all of a body, as fast as it is taken. Who closes the other end closes the body. */
export async function pour(body: HttpBody, to: Writable, { stallMs, end, cut }: Ends): Promise<void> {
  const { source } = body;
  const onClose = (): void => source.close();
  to.once("close", onClose);
  try {
    let waits = 0;
    while (!to.destroyed) {
      const given = source.take?.(READ_BYTES);
      const bytes = given ?? source.read(READ_BYTES);
      if (bytes === null) break;
      // oxlint-disable no-await-in-loop -- one piece after the other
      if (bytes.length === 0) await moreOf(source, waits++);
      else {
        waits = 0;
        if (!writeOnce(to, given ?? ours(copyOf(bytes)))) await drained(to, stallMs, cut);
      }
      // oxlint-enable no-await-in-loop
    }
    if (to.destroyed) return;
    end((await body.trailers()) ?? []);
    untilTaken(to, "finish", stallMs, cut);
  } catch (cause) {
    cut(cause instanceof Error ? cause : new Error("The body failed", { cause }));
  }
}

/** Sends the header alone. `flushHeaders` would send it in UTF-8, in Node before 24 and in Deno; Bun needs it. */
export function sendHeader(message: OutgoingMessage): void {
  if (process.versions["bun"] !== undefined) message.flushHeaders();
  else message.write("", "latin1");
}

/** `Buffer.from` would fill its memory with zeros first. */
function copyOf(bytes: Uint8Array): Buffer {
  const copy = Buffer.allocUnsafe(bytes.length);
  copy.set(bytes);
  return copy;
}

function drained(to: Writable, stallMs: number | undefined, cut: Ends["cut"]): Promise<void> {
  return new Promise((resolve) => onceTaken(to, "drain", stallMs, cut, resolve));
}

/** Cuts off who takes nothing for so many milliseconds of what is there for them. Missing: however long it takes. */
export function untilTaken(
  to: Writable,
  event: "drain" | "finish",
  stallMs: number | undefined,
  cut: Ends["cut"],
): void {
  if (canStall(to, stallMs)) onceTaken(to, event, stallMs, cut);
}

function canStall(to: Writable, stallMs: number | undefined): stallMs is number {
  return stallMs !== undefined && to.writableLength !== 0 && !to.destroyed;
}

/** As `untilTaken`. @param then Called when it is taken, or closed. */
function onceTaken(
  to: Writable,
  event: "drain" | "finish",
  stallMs: number | undefined,
  cut: Ends["cut"],
  then: () => void = () => {},
): void {
  const late = canStall(to, stallMs)
    ? timer(stallMs, () => cut(new Error(`Nothing was taken in ${stallMs} ms`)))
    : undefined;
  const done = (): void => {
    clearTimeout(late);
    to.off(event, done);
    to.off("close", done);
    then();
  };
  to.on(event, done);
  to.on("close", done);
}

/** Ends the connection of a message: nothing of it looks complete. */
export function cutMessage(message: OutgoingMessage, cause: Error): void {
  resetUnframed(message);
  message.destroy(cause);
}

/**
 * Before the connection of a message is ended: a body that ends with it, as by HTTP/1.0, would look complete unless it is reset. TLS
 * says itself how it ends.
 */
export function resetUnframed(message: OutgoingMessage): void {
  const { socket } = message;
  if (!socket || !message.headersSent || message.chunkedEncoding || isSecure(socket)) return;
  // Bun's has none.
  if ("resetAndDestroy" in socket) socket.resetAndDestroy();
}

/** Whether a connection is one of TLS. Bun says of each whether it is. */
export function isSecure(socket: Socket): boolean {
  return "encrypted" in socket && socket.encrypted === true;
}

/** A connection that is closed with bytes unread is reset, and the response with it. @param end Says that enough was read. */
export function lingering(rest: Readable, end: () => void): void {
  if (rest.listenerCount("data") > 0) return;
  const late = setTimeout(end, LINGER_MS);
  late.unref();
  let bytes = 0;
  rest.on("error", () => {});
  rest.on("data", (chunk: Uint8Array) => {
    bytes += chunk.length;
    if (bytes > LINGER_BYTES) end();
  });
  rest.once("end", () => clearTimeout(late));
  rest.once("close", () => clearTimeout(late));
}

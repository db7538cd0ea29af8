/** What streams of HTTP/2 have on both sides. */
import type { Http2Stream, OutgoingHttpHeaders } from "node:http2";
import type { HttpBody } from "../../../wasi/http/exchange.ts";
import { permittedFields, type Field } from "../../../wasi/http/fields.ts";
import { bodyOf, endWith, pour, type BodyParts, type Whole } from "./body.ts";
import { rawValue, textOf } from "./fields.ts";

/** What may be under way on a stream while nobody reads. With the 64 KiB of the standard a body takes twice as long. */
export const WINDOW_BYTES: number = 256 * 1024;

/** What Node says of a stream that was reset with an error. */
export const RESET = "ERR_HTTP2_STREAM_ERROR";
/** Codes of RFC 9113 with which a stream is reset. */
export const NO_ERROR = 0;
export const CANCEL = 8;

/** Node 20 takes an object alone: values of a name in their order, but names as they come first. */
const TAKES_LISTS = Number(process.versions.node.split(".")[0]) >= 22;

/** What the pseudo-headers of a message say, by their names. */
export function pseudoOf(rawHeaders: readonly string[]): ReadonlyMap<string, string> {
  const all = new Map<string, string>();
  for (let at = 0; rawHeaders[at]?.startsWith(":") === true; at += 2) {
    all.set(rawHeaders[at] ?? "", rawHeaders[at + 1] ?? "");
  }
  return all;
}

/** The status of a response. */
export function rawStatus(rawHeaders: readonly string[]): number {
  return Number(rawValue(rawHeaders, ":status"));
}

/** Fields as a stream carries them: without those of a connection, of which HTTP/2 has none. */
export function headersOf(fields: readonly Field[]): string[] {
  return permittedFields(fields).flatMap(([name, value]) => {
    const text = textOf(value);
    return name === "te" && text !== "trailers" ? [] : [name, text];
  });
}

/** A flat list of names and values as this Node takes it. */
export function takenHeaders(flat: readonly string[]): OutgoingHttpHeaders | readonly string[] {
  return TAKES_LISTS ? flat : grouped(flat);
}

function grouped(flat: readonly string[]): OutgoingHttpHeaders {
  const all: Record<string, string | string[]> = {};
  for (let at = 0; at + 1 < flat.length; at += 2) {
    const [name = "", value = ""] = flat.slice(at, at + 2);
    const before = all[name];
    all[name] = before === undefined ? value : [before, value].flat();
  }
  return all;
}

/** The body that comes over a stream that is `endingWhole`. */
export function streamBody(stream: Http2Stream, rawHeaders: readonly string[], parts: BodyParts): HttpBody {
  let rawTrailers: readonly string[] = [];
  stream.on("trailers", (_: unknown, __: number, raw: readonly string[] = []) => void (rawTrailers = raw));
  return bodyOf(
    stream,
    {
      rawHeaders,
      get rawTrailers() {
        return rawTrailers;
      },
    },
    parts,
  );
}

/**
 * Of a stream of which nothing has come. To Node one that was reset without an error has ended: its body would look complete.
 *
 * @returns The stream.
 */
export function endingWhole<T extends Http2Stream>(stream: T): T {
  const push = stream.push.bind(stream);
  let isEnded = false;
  stream.push = (chunk: unknown, encoding?: BufferEncoding): boolean => {
    // What comes to its end is not closed yet. Bun says no more than what it was reset with.
    const isClosed = stream.closed || stream.rstCode > NO_ERROR;
    const isReset = chunk === null && !isEnded && isClosed && !stream.destroyed;
    isEnded ||= chunk === null;
    if (!isReset) return push(chunk, encoding);
    // Node is still at it.
    process.nextTick(() => stream.destroy(Object.assign(new Error("The stream was reset"), { code: RESET })));
    return false;
  };
  return stream;
}

/** Sends a body over a stream that waits for trailers. One that fails resets the stream. */
export function pourStream(body: HttpBody, stream: Http2Stream, stallMs?: number): Promise<void> {
  return pour(body, stream, {
    stallMs,
    end: (trailers) => endStream(stream, trailers),
    cut: (cause) => reset(stream, cause),
  });
}

/** Those that have ended, and have not asked yet for what comes after their body. */
const ending = new WeakSet<Http2Stream>();

/**
 * Resets a stream: what it carries never looks whole, and whoever reads it hears of `cause` at once.
 *
 * @param destroy What does so as a rule. `close` would end the stream first, as if the body were whole.
 */
export function reset(stream: Http2Stream, cause: Error, destroy: () => void = () => void stream.destroy(cause)): void {
  if (stream.destroyed || !ending.has(stream)) {
    destroy();
    return;
  }
  // Node ends the process, by an assertion, when it comes to the end of one that is destroyed: nothing else is left to be sent
  // of it, so to close it is no worse. It takes until then to say that it is closed.
  if (!stream.closed) stream.close(CANCEL);
  stream.emit("error", cause);
}

/** Ends a stream that waits for trailers, of which there may be none. */
export function endStream(stream: Http2Stream, trailers: readonly Field[], last: Whole = ""): void {
  // Where Node has made a request and a response of the stream, the response would send its own, which are none.
  stream.removeAllListeners("wantTrailers");
  ending.add(stream);
  stream.once("wantTrailers", () => {
    ending.delete(stream);
    stream.sendTrailers(grouped(headersOf(trailers)));
  });
  endWith(stream, last);
}

/** Bodies as the Fetch standard has them, from and to those of `wasi:http`. */
import type { Source } from "../../io/ports.ts";
import { changed } from "../../io/steps.ts";
import { HttpError } from "../../wasi/http/error-code.ts";
import type { HttpBody } from "../../wasi/http/exchange.ts";
import { webSource } from "./readable.ts";

const READ_BYTES = 64 * 1024;

/** A body as a stream of bytes; what it fails of errors the stream. Cancelled with an `HttpError` it is refused. */
export function streamOf(body: HttpBody): ReadableStream<Uint8Array<ArrayBuffer>> {
  const { source } = body;
  return new ReadableStream({
    type: "bytes",
    async pull(controller) {
      try {
        const bytes = await next(source);
        if (bytes) controller.enqueue(bytes.slice());
        else {
          controller.close();
          // A reader that brought its own buffer waits for an answer.
          controller.byobRequest?.respond(0);
        }
      } catch (cause) {
        controller.error(cause);
      }
    },
    cancel: (reason) => (reason instanceof HttpError && body.refuse ? body.refuse(reason) : source.close()),
  });
}

async function next(source: Source): Promise<Uint8Array | null> {
  for (let waits = 0; ; waits++) {
    const bytes = source.read(READ_BYTES);
    if (bytes === null || bytes.length > 0) return bytes;
    // oxlint-disable-next-line no-await-in-loop -- until there is something
    await moreOf(source, waits);
  }
}

/** Waits in a row, after each of which there was nothing, until others have a turn. */
const WAITS_PER_TURN = 64;

/**
 * Waits until a source may have something.
 *
 * @param waits How often in a row there was nothing then. A source that wakes for ever, and has nothing, lets others have
 *   their turn.
 */
export async function moreOf(source: Source, waits: number): Promise<void> {
  await changed(source);
  if (waits % WAITS_PER_TURN === WAITS_PER_TURN - 1) await new Promise<void>((resolve) => setTimeout(resolve, 0));
}

/** What of a body was read, and whether that is all. */
export interface Gathered {
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly isWhole: boolean;
}

/**
 * Reads until a body is over, or is longer than `max` bytes.
 *
 * @param take Told of each piece. What it throws closes the body.
 * @throws What the body fails of, and what `take` throws.
 */
export async function gather(body: HttpBody, max: number, take: (bytes: number) => void): Promise<Gathered> {
  const { source } = body;
  const chunks: Uint8Array[] = [];
  let length = 0;
  let isWhole = false;
  while (length <= max && !isWhole) {
    // oxlint-disable-next-line no-await-in-loop -- one after the other
    const bytes = await next(source);
    if (bytes === null) isWhole = true;
    else {
      try {
        take(bytes.length);
      } catch (error) {
        source.close();
        throw error;
      }
      length += bytes.length;
      chunks.push(bytes.slice());
    }
  }
  const whole = new Uint8Array(length);
  let at = 0;
  for (const chunk of chunks) {
    whole.set(chunk, at);
    at += chunk.length;
  }
  return { bytes: whole, isWhole };
}

/** `first`, and then what is left of a body. */
export function continued(first: Uint8Array<ArrayBuffer>, body: HttpBody): ReadableStream<Uint8Array<ArrayBuffer>> {
  const reader = streamOf(body).getReader();
  return new ReadableStream(
    {
      start: (controller) => controller.enqueue(first),
      async pull(controller) {
        const { done, value } = await reader.read();
        if (done) controller.close();
        else controller.enqueue(value);
      },
      cancel: (reason) => reader.cancel(reason),
    },
    { highWaterMark: 0 },
  );
}

/**
 * A stream as a body, with what its headers say of its length.
 *
 * @param within Holds each wait for more to a time.
 */
export function bodyOf(
  stream: ReadableStream<Uint8Array> | null,
  headers: Headers,
  within?: <T>(more: Promise<T>) => Promise<T>,
): HttpBody | undefined {
  if (!stream) return undefined;
  const length = headers.get("content-length");
  let refusal: HttpError | undefined;
  const source = webSource(stream, within, () => refusal);
  return {
    source,
    length: length !== null && /^\d+$/.test(length) ? BigInt(length) : undefined,
    trailers: () => Promise.resolve(undefined),
    refuse(cause) {
      refusal = cause;
      source.close();
    },
  };
}

/** The stream of a request's body, or nothing. */
export function requestStream(request: Request): ReadableStream<Uint8Array> | null {
  // The standard's types do not know of Firefox, whose requests have no streams.
  const body: ReadableStream<Uint8Array> | null | undefined = request.body;
  if (body !== undefined) return body;
  if (request.method === "GET" || request.method === "HEAD") return null;
  const { readable, writable } = new TransformStream<Uint8Array, Uint8Array>();
  // All of it has to have come before there is something to read. How that fails, the stream says.
  request
    .blob()
    .then((blob) => blob.stream().pipeTo(writable))
    .catch((cause: unknown) => writable.abort(cause))
    .catch(() => {});
  return readable;
}

/** Bodies from and to Node's messages. */
import type { IncomingMessage, OutgoingMessage } from "node:http";
import type { Source } from "../../../io/ports.ts";
import type { Waker } from "../../../io/readiness.ts";
import { changed } from "../../../io/steps.ts";
import type { HttpError } from "../../../wasi/http/error-code.ts";
import type { HttpBody } from "../../../wasi/http/exchange.ts";
import type { Field } from "../../../wasi/http/fields.ts";
import { nodeSource } from "../readable.ts";
import { fieldsOf, rawValue, textOf } from "./fields.ts";

const READ_BYTES = 64 * 1024;

/** How a message's body is read, and left. */
export interface BodyParts {
  /** What a body that is cut short failed of. */
  readonly cut: (cause: unknown) => HttpError;
  /** Nobody wants the rest. */
  readonly leave: (source: Source) => void;
  /** Called whenever somebody finds nothing in the source, and when they have found something. */
  readonly waits?: (isWaiting: boolean, source: Source) => void;
}

/** The body of a message that comes in. Nothing is read ahead of who wants it. */
export function bodyOf(message: IncomingMessage, { cut, leave, waits = () => {} }: BodyParts): HttpBody {
  const source = nodeSource(message);
  const length = rawValue(message.rawHeaders, "content-length");
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
      const { rawTrailers } = message;
      return Promise.resolve(rawTrailers.length === 0 ? undefined : fieldsOf(rawTrailers));
    },
  };
}

/** What is not longer goes with the header, in one write. */
const SHORT_BYTES = 4096;

/** All bytes of a body that is whole. Whoever gets them may keep them. */
export function wholeOf({ source }: HttpBody): Buffer {
  const pieces: Buffer[] = [];
  for (let bytes; (bytes = source.read(READ_BYTES)) !== null;) pieces.push(copyOf(bytes));
  const [first] = pieces;
  return pieces.length === 1 && first ? first : Buffer.concat(pieces);
}

/** Ends a message whose header is not sent yet. */
export function endWith(to: OutgoingMessage, body: Buffer): void {
  // Node joins header and body where both are text.
  if (body.length > SHORT_BYTES) to.end(body);
  else to.end(body.toString("latin1"), "latin1");
}

/** Sends a body, and ends the message. What the body fails of ends the connection: it never looks complete. */
export async function sendBody(body: HttpBody, to: OutgoingMessage): Promise<void> {
  const { source } = body;
  const onClose = (): void => source.close();
  to.once("close", onClose);
  try {
    for (let bytes; !to.destroyed && (bytes = source.read(READ_BYTES)) !== null;) {
      // oxlint-disable no-await-in-loop -- one piece after the other
      if (bytes.length === 0) await changed(source);
      else if (!to.write(copyOf(bytes))) await drained(to);
      // oxlint-enable no-await-in-loop
    }
    if (to.destroyed) return;
    const trailers = await body.trailers();
    if (trailers && trailers.length > 0) {
      to.addTrailers(trailers.map(([name, value]): [string, string] => [name, textOf(value)]));
    }
    to.end();
  } catch (cause) {
    // A body that ends with its connection looks complete, unless that is reset.
    if (!to.chunkedEncoding) to.socket?.resetAndDestroy();
    to.destroy(cause instanceof Error ? cause : new Error("The body failed", { cause }));
  }
}

/** `Buffer.from` would fill its memory with zeros first. */
function copyOf(bytes: Uint8Array): Buffer {
  const copy = Buffer.allocUnsafe(bytes.length);
  copy.set(bytes);
  return copy;
}

function drained(to: OutgoingMessage): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      to.off("drain", done);
      to.off("close", done);
      resolve();
    };
    to.on("drain", done);
    to.on("close", done);
  });
}

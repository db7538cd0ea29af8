import { changed } from "../io/steps.ts";
import { BodyPipe } from "../wasi/http/body-pipe.ts";
import { HttpError } from "../wasi/http/error-code.ts";
import type { HttpBody, HttpClient, HttpRequest, HttpResponse } from "../wasi/http/exchange.ts";
import type { Fixture } from "./claims.ts";
import type { Awaitable } from "./subject.ts";

/** Answers requests. */
export type Handler = (request: HttpRequest) => Promise<HttpResponse>;

/** A server of which nothing has been asked, and who can ask it. */
export interface HandlerFixture extends Fixture {
  /** Has `handler` answer what the client then sends to the authority, until the fixture is disposed. Called once. */
  readonly serve: (handler: Handler) => Awaitable<{ readonly client: HttpClient; readonly authority: string }>;
  /** Fields keep their order, their duplicates and their bytes. */
  readonly keepsFields?: true;
  /** Fields after a body arrive. */
  readonly hasTrailers?: true;
  /** A response may begin before its request has ended. */
  readonly isDuplex?: true;
  /** The most that may be under way in one direction when nobody reads: 64 MiB if it is missing. */
  readonly limitBytes?: number;
}

/** A body that is written as it goes. */
export function newBody(capacityBytes: number = 64 * 1024): BodyPipe {
  return new BodyPipe(capacityBytes, undefined, () => new HttpError({ tag: "HTTP-protocol-error" }));
}

/** Writes all of `bytes`, as the body takes them. */
export async function writeAll({ sink }: BodyPipe, bytes: Uint8Array): Promise<void> {
  for (let at = 0; at < bytes.length;) {
    const taken = sink.write(bytes.subarray(at));
    at += taken;
    // oxlint-disable-next-line no-await-in-loop -- until it takes more
    if (taken === 0) await changedSink(sink);
  }
}

function changedSink(sink: BodyPipe["sink"]): Promise<void> {
  return new Promise((resolve) => {
    const waker = {
      wake: (): void => {
        sink.unwatch(waker);
        resolve();
      },
    };
    sink.watch(waker);
  });
}

/** Ends a body, with what comes after it. */
export function endBody(body: BodyPipe, trailers?: Parameters<BodyPipe["endWith"]>[0]): void {
  body.endWith(trailers);
  void body.sink.close();
}

/** What a body has up to `count` bytes, or all of it. */
export async function readAll(body: HttpBody | undefined, count: number = Infinity): Promise<Uint8Array> {
  if (!body) return new Uint8Array(0);
  const { source } = body;
  const pieces: Uint8Array[] = [];
  let left = count;
  for (let bytes; left > 0 && (bytes = source.read(Math.min(left, 65_536))) !== null;) {
    left -= bytes.length;
    pieces.push(bytes.slice());
    // oxlint-disable-next-line no-await-in-loop -- each round waits for the source
    if (bytes.length === 0) await changed(source);
  }
  const all = new Uint8Array(pieces.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const piece of pieces) {
    all.set(piece, at);
    at += piece.length;
  }
  return all;
}

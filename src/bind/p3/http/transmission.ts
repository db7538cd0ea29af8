/** What a guest has made of a body, on its way to who sends it. */
import { toldEnd } from "../../../wasi/http/outlived.ts";
import { deferred } from "../../../io/deferred.ts";
import type { SharedFuture, SharedStream } from "../../../abi/copy.ts";
import { Kind, type Entry } from "../../../abi/resources.ts";
import type { BodyEnd } from "../../../wasi/http/body-pipe.ts";
import { errorCodeOf, HttpError, type HttpErrorCode } from "../../../wasi/http/error-code.ts";
import type { HttpBody } from "../../../wasi/http/exchange.ts";
import type { Field, Fields } from "../../../wasi/http/fields.ts";
import { OutgoingBody, type Side } from "../../../wasi/http/outgoing-body.ts";
import { openBody } from "../../http/held.ts";
import type { Instance } from "../../instance.ts";
import { Drain, readFuture } from "../streams.ts";
import type { Contents } from "./contents.ts";

/** A body that is sent. */
export interface Transmission {
  /** For who sends it; missing if there is none. */
  readonly body: HttpBody | undefined;
  /** What became of it. Never rejects. */
  readonly over: Promise<BodyEnd>;
  /** It is not sent after all. */
  fail(cause: unknown): void;
}

const DELIVERED: Promise<BodyEnd> = Promise.resolve({ tag: "delivered" });

/**
 * Begins to send what a message carries. What a guest writes is taken as far as there is place for it.
 *
 * @param length What `content-length` announces.
 * @throws {HttpError} What the guest says in the place of trailers, if there is no body before them.
 * @throws {Trap} If there are too many bodies under way.
 */
export async function transmit(
  instance: Instance,
  contents: Contents,
  side: Side,
  length: bigint | undefined,
): Promise<Transmission> {
  if (contents.is === "received") return passedOn(contents.body);
  const { stream, trailers } = contents;
  const end = new TrailersRead(trailers);
  const sending = stream && new Sending(instance, stream, end, side, length);
  // A guest goes on until it waits. Most say until then that nothing comes after nothing: no body is sent then.
  await Promise.resolve();
  if (sending) return sending;
  const { now } = end;
  if (now?.tag === "err") throw new HttpError(now.val);
  if (now && !now.val) return { body: undefined, over: DELIVERED, fail: () => {} };
  return new Sending(instance, undefined, end, side, length);
}

/** What has come is sent as it is. */
function passedOn(body: HttpBody | undefined): Transmission {
  if (!body) return { body, over: DELIVERED, fail: () => {} };
  const { promise: over, resolve } = deferred<BodyEnd>();
  const { source } = body;
  const level = body.level?.bind(body);
  const delivered = (): void => resolve({ tag: "delivered" });
  const failed = (cause: unknown): void => resolve({ tag: "failed", cause });
  const told = <T>(read: () => T): T => toldEnd(read, delivered, failed);
  const passed: HttpBody = {
    ...{ length: body.length, trailers: () => body.trailers() },
    ...(level && { level }),
    source: {
      ready: () => source.ready(),
      watch: (waker) => source.watch(waker),
      unwatch: (waker) => source.unwatch(waker),
      read: (max) => told(() => source.read(max)),
      take: (max) => told(() => source.take?.(max)),
      close() {
        resolve({ tag: "left" });
        source.close();
      },
    },
  };
  if (body.refuse) {
    passed.refuse = (cause) => {
      resolve({ tag: "left", cause });
      body.refuse?.(cause);
    };
  }
  return { body: passed, over, fail: () => passed.source.close() };
}

type Trailers =
  | { readonly tag: "ok"; readonly val: readonly Field[] | undefined }
  | { readonly tag: "err"; readonly val: HttpErrorCode };

/** What comes after a body. */
class TrailersRead {
  now: Trailers | undefined;
  readonly later: Promise<Trailers>;

  constructor(trailers: SharedFuture) {
    this.later = new Promise((resolve) => {
      readFuture(trailers, (read) => {
        this.now = trailersOf(read?.value);
        resolve(this.now);
      });
    });
  }
}

/** @param value As a future has it; missing if nobody will write it, as when the guest is over. */
function trailersOf(value: unknown): Trailers {
  if (value === undefined) return { tag: "err", val: { tag: "internal-error", val: undefined } };
  // A result of these, by the type of the future: resources as what stands for them.
  const result = value as
    | { readonly tag: "ok"; readonly val: Entry | undefined }
    | { readonly tag: "err"; readonly val: HttpErrorCode };
  if (result.tag === "err") return result;
  if (!result.val) return { tag: "ok", val: undefined };
  result.val.release();
  // As above.
  const fields = result.val.value as Fields;
  fields.release();
  return { tag: "ok", val: fields.all() };
}

/** Under way: what the instance holds of it is let go of at the end of the instance. */
const SENDING: Kind<Sending> = new Kind("body");

class Sending implements Transmission {
  readonly over: Promise<BodyEnd>;
  readonly #instance: Instance;
  readonly #outgoing: OutgoingBody;
  #entry: Entry | undefined;

  /** @throws {Trap} */
  constructor(
    instance: Instance,
    stream: SharedStream | undefined,
    trailers: TrailersRead,
    side: Side,
    length: bigint | undefined,
  ) {
    this.#instance = instance;
    const { promise, resolve } = deferred<BodyEnd>();
    this.over = promise;
    const close = openBody(instance);
    this.#outgoing = new OutgoingBody(side, length, instance.world.limits.bufferBytes, (end) => {
      close();
      this.#letGo();
      resolve(end);
    });
    this.#entry = instance.resources.add(SENDING, this, () => {
      this.#entry = undefined;
      this.fail(undefined);
    });
    if (!stream) void this.#finish(trailers);
    else {
      new Drain(stream, this.#outgoing.outlet, instance.task, (cause) => {
        const failure = stream.failure ?? (cause === undefined ? undefined : { cause });
        // Who reads it may have left, which it said itself.
        if (failure) this.fail(failure.cause);
        else void this.#finish(trailers);
      }).begin();
    }
  }

  get body(): HttpBody {
    return this.#outgoing.body;
  }

  fail(cause: unknown): void {
    this.#outgoing.outlet.abort(cause instanceof HttpError ? cause : gone(this.#instance, cause));
  }

  /** Delivers what is buffered, and what comes after it. */
  async #finish(trailers: TrailersRead): Promise<void> {
    const end = trailers.now ?? (await trailers.later);
    if (end.tag === "err") {
      this.fail(new HttpError(end.val));
      return;
    }
    try {
      this.#outgoing.finish(end.val);
    } catch (error) {
      if (!(error instanceof HttpError)) throw error;
      // What it is not as long as is said has failed of that.
      return;
    }
    this.#letGo();
    this.#instance.outlets.set(this.#outgoing.outlet, undefined);
    this.#instance.finish(this.#outgoing.outlet);
  }

  #letGo(): void {
    this.#entry?.release();
    this.#entry = undefined;
  }
}

/** Why a guest writes no more, for who reads what it wrote. */
function gone({ task }: Instance, cause: unknown): unknown {
  try {
    task.assertAlive();
  } catch (reason) {
    return reason;
  }
  return new HttpError({ tag: "internal-error", val: undefined }, "the guest ended before its body did", { cause });
}

/** How who made a body is told what became of it. */
export function outcomeOf(end: BodyEnd): { readonly tag: "ok" } | { readonly tag: "err"; readonly val: HttpErrorCode } {
  if (end.tag === "delivered") return { tag: "ok" };
  if (end.tag === "left" && !end.cause) return { tag: "err", val: { tag: "connection-terminated" } };
  return { tag: "err", val: errorCodeOf(end.cause) };
}

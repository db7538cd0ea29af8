import { Absorber, type ByteQueue } from "../../io/byte-queue.ts";
import { LazyDeferred } from "../../io/deferred.ts";
import type { Sink, Source } from "../../io/ports.ts";
import { Pipe } from "../../io/pipe.ts";
import { Signal, type Waker } from "../../io/readiness.ts";
import type { HttpBody } from "./exchange.ts";
import type { HttpError } from "./error-code.ts";
import type { Field } from "./fields.ts";

/** What became of a body. */
export type BodyEnd =
  /** Its reader came to its end. */
  | { readonly tag: "delivered" }
  /** Its reader does not want the rest; and why, if he said so. */
  | { readonly tag: "left"; readonly cause?: HttpError }
  /** Who wrote it failed, or said too much. */
  | { readonly tag: "failed"; readonly cause: unknown };

function ignore(): void {}

// Classes, and not objects of functions: there is a body in most messages.

/** What is between who writes a body and who sends it. */
class Between {
  readonly pipe: Pipe;
  readonly acknowledged = new Signal();
  readonly trailers = new LazyDeferred<readonly Field[] | undefined>();
  readonly #length: number | undefined;
  readonly #tooLong: (bytes: bigint) => HttpError;
  readonly #onOver: (end: BodyEnd) => void;
  /** Its writer has ended it, with nothing after its bytes. */
  isWhole = false;
  /** What has become of it, once it holds nothing any more and never will. */
  end: BodyEnd | undefined;
  #hasTrailers = false;
  #hasReader = false;
  #written = 0;
  #read = 0;
  #done = 0;

  constructor(
    capacityBytes: number,
    length: bigint | undefined,
    tooLong: (bytes: bigint) => HttpError,
    onOver: (end: BodyEnd) => void,
  ) {
    this.pipe = new Pipe(capacityBytes);
    this.#length = length === undefined ? undefined : Number(length);
    this.#tooLong = tooLong;
    this.#onOver = onOver;
  }

  /** Whether the reader has come back after all that was written. As long as there is none nobody has to. */
  get isAcknowledged(): boolean {
    return !this.#hasReader || this.#done === this.#written;
  }

  /** Written, and not read. */
  get heldBytes(): number {
    return this.#written - this.#read;
  }

  endWith(trailers: readonly Field[] | undefined): void {
    this.#hasTrailers = trailers !== undefined && trailers.length > 0;
    this.trailers.resolve(trailers);
  }

  write(bytes: Uint8Array, isGiven: boolean): number {
    this.#assertAnnounced(bytes.length);
    const { sink } = this.pipe;
    const taken = isGiven && sink.give ? sink.give(bytes) : sink.write(bytes);
    this.#written += taken;
    return taken;
  }

  absorb(queue: ByteQueue): boolean {
    const { size } = queue;
    const { sink } = this.pipe;
    this.#assertAnnounced(size);
    const isTaken = sink instanceof Absorber && sink.absorb(queue);
    if (isTaken) this.#written += size;
    return isTaken;
  }

  /** @throws {HttpError} If so many bytes more are more than were announced. */
  #assertAnnounced(bytes: number): void {
    const written = this.#written + bytes;
    if (this.#length !== undefined && written > this.#length) throw this.#tooLong(BigInt(written));
  }

  close(): void | Promise<void> {
    this.isWhole = !this.end && !this.#hasTrailers;
    return this.pipe.sink.close();
  }

  abort(cause: unknown): void {
    this.pipe.sink.abort(cause);
    this.trailers.reject(cause);
    this.over({ tag: "failed", cause });
  }

  take(max: number): Uint8Array | null {
    // Who only looks takes nothing, and may never come to read.
    if (max > 0) this.acknowledge();
    let bytes: Uint8Array | null;
    try {
      bytes = this.pipe.source.read(max);
    } catch (cause) {
      this.over({ tag: "failed", cause });
      throw cause;
    }
    if (bytes) this.#read += bytes.length;
    else this.over({ tag: "delivered" });
    return bytes;
  }

  takeGiven(max: number): Uint8Array | undefined {
    if (max > 0) this.acknowledge();
    const bytes = this.pipe.source.take?.(max);
    if (bytes) this.#read += bytes.length;
    return bytes;
  }

  leave(end: BodyEnd): void {
    this.pipe.source.close();
    this.over(end);
  }

  over(end: BodyEnd): void {
    if (this.end) return;
    this.end = end;
    this.#onOver(end);
  }

  acknowledge(): void {
    this.#hasReader = true;
    if (this.#done === this.#read) return;
    this.#done = this.#read;
    this.acknowledged.notify();
  }
}

class Writer extends Absorber implements Sink {
  readonly #between: Between;

  constructor(between: Between) {
    super();
    this.#between = between;
  }

  write(bytes: Uint8Array): number {
    return this.#between.write(bytes, false);
  }

  give(bytes: Uint8Array): number {
    return this.#between.write(bytes, true);
  }

  absorb(queue: ByteQueue): boolean {
    return this.#between.absorb(queue);
  }

  flush(): boolean {
    return this.#between.pipe.sink.flush() && this.#between.isAcknowledged;
  }

  watch(waker: Waker): void {
    this.#between.pipe.sink.watch(waker);
    this.#between.acknowledged.watch(waker);
  }

  unwatch(waker: Waker): void {
    this.#between.pipe.sink.unwatch(waker);
    this.#between.acknowledged.unwatch(waker);
  }

  close(): void | Promise<void> {
    return this.#between.close();
  }

  abort(cause: unknown): void {
    this.#between.abort(cause);
  }
}

class Reader implements Source {
  readonly #between: Between;

  constructor(between: Between) {
    this.#between = between;
  }

  read(max: number): Uint8Array | null {
    return this.#between.take(max);
  }

  take(max: number): Uint8Array | undefined {
    return this.#between.takeGiven(max);
  }

  ready(): boolean {
    return this.#between.pipe.source.ready();
  }

  watch(waker: Waker): void {
    this.#between.acknowledge();
    this.#between.pipe.source.watch(waker);
  }

  unwatch(waker: Waker): void {
    this.#between.pipe.source.unwatch(waker);
  }

  close(): void {
    this.#between.leave({ tag: "left" });
  }
}

/**
 * A body between who writes it and who sends it. A flush is complete when the reader has come back for more: until then
 * it still has what it took. While there is no reader, as before a request is sent, what the pipe holds has left. It holds as many bytes as were announced, and no more.
 */
export class BodyPipe {
  readonly sink: Sink;
  readonly body: HttpBody;
  readonly #between: Between;

  /**
   * @param length Bytes that were announced.
   * @param tooLong What to say of more.
   * @param onOver Called once, when it holds nothing any more and never will.
   */
  constructor(
    capacityBytes: number,
    length: bigint | undefined,
    tooLong: (bytes: bigint) => HttpError,
    onOver: (end: BodyEnd) => void = ignore,
  ) {
    const between = new Between(capacityBytes, length, tooLong, onOver);
    this.#between = between;
    this.sink = new Writer(between);
    this.body = {
      source: new Reader(between),
      length,
      trailers: () => {
        const { promise } = between.trailers;
        // Who asks may leave.
        promise.catch(ignore);
        return promise;
      },
      isWhole: () => between.isWhole,
      refuse: (cause) => between.leave({ tag: "left", cause }),
    };
  }

  /** Bytes that its reader has not taken. */
  get heldBytes(): number {
    return this.#between.heldBytes;
  }

  /** What has become of it, once it holds nothing any more and never will. */
  get end(): BodyEnd | undefined {
    return this.#between.end;
  }

  /** What comes after the bytes: to be said before the sink is closed. */
  endWith(trailers: readonly Field[] | undefined): void {
    this.#between.endWith(trailers);
  }
}

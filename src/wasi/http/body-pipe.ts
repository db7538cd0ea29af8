import { deferred } from "../../io/deferred.ts";
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

/**
 * A body between who writes it and who sends it. A flush is complete when the reader has come back for more: until then
 * it still has what it took. While there is no reader, as before a request is sent, what the pipe holds has left. It holds as many bytes as were announced, and no more.
 */
export class BodyPipe {
  readonly sink: Sink;
  readonly body: HttpBody;
  readonly #pipe: Pipe;
  readonly #source: Source;
  readonly #length: number | undefined;
  readonly #tooLong: (bytes: bigint) => HttpError;
  readonly #onOver: (end: BodyEnd) => void;
  #isOver = false;
  /** Its writer has ended it, with nothing after its bytes. */
  #isWhole = false;
  #hasTrailers = false;
  readonly #acknowledged = new Signal();
  readonly #trailers = deferred<readonly Field[] | undefined>();
  #hasReader = false;
  #written = 0;
  #read = 0;
  #done = 0;

  /**
   * @param length Bytes that were announced.
   * @param tooLong What to say of more.
   * @param onOver Called once, when it holds nothing any more and never will.
   */
  constructor(
    capacityBytes: number,
    length: bigint | undefined,
    tooLong: (bytes: bigint) => HttpError,
    onOver: (end: BodyEnd) => void = () => {},
  ) {
    this.#onOver = onOver;
    this.#pipe = new Pipe(capacityBytes);
    this.#source = this.#pipe.source;
    this.#length = length === undefined ? undefined : Number(length);
    this.#tooLong = tooLong;
    const { sink } = this.#pipe;
    this.sink = {
      write: (bytes) => this.#write(bytes),
      flush: () => sink.flush() && (!this.#hasReader || this.#done === this.#written),
      watch: (waker) => {
        sink.watch(waker);
        this.#acknowledged.watch(waker);
      },
      unwatch: (waker) => {
        sink.unwatch(waker);
        this.#acknowledged.unwatch(waker);
      },
      close: () => {
        this.#isWhole = !this.#isOver && !this.#hasTrailers;
        return sink.close();
      },
      abort: (cause) => {
        sink.abort(cause);
        this.#trailers.reject(cause);
        this.#over({ tag: "failed", cause });
      },
    };
    // Nobody may ever ask.
    this.#trailers.promise.catch(() => {});
    this.body = {
      source: {
        read: (max) => this.#take(max),
        ready: () => this.#source.ready(),
        watch: (waker: Waker) => {
          this.#acknowledge();
          this.#source.watch(waker);
        },
        unwatch: (waker: Waker) => this.#source.unwatch(waker),
        close: () => {
          this.#source.close();
          this.#over({ tag: "left" });
        },
      },
      length,
      trailers: () => this.#trailers.promise,
      isWhole: () => this.#isWhole,
      refuse: (cause) => {
        this.#source.close();
        this.#over({ tag: "left", cause });
      },
    };
  }

  /** What comes after the bytes: to be said before the sink is closed. */
  endWith(trailers: readonly Field[] | undefined): void {
    this.#hasTrailers = trailers !== undefined && trailers.length > 0;
    this.#trailers.resolve(trailers);
  }

  #write(bytes: Uint8Array): number {
    if (this.#length !== undefined && this.#written + bytes.length > this.#length) {
      throw this.#tooLong(BigInt(this.#written + bytes.length));
    }
    const taken = this.#pipe.sink.write(bytes);
    this.#written += taken;
    return taken;
  }

  #take(max: number): Uint8Array | null {
    // Who only looks takes nothing, and may never come to read.
    if (max > 0) this.#acknowledge();
    let bytes: Uint8Array | null;
    try {
      bytes = this.#source.read(max);
    } catch (cause) {
      this.#over({ tag: "failed", cause });
      throw cause;
    }
    if (bytes) this.#read += bytes.length;
    else this.#over({ tag: "delivered" });
    return bytes;
  }

  #over(end: BodyEnd): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#onOver(end);
  }

  #acknowledge(): void {
    this.#hasReader = true;
    if (this.#done === this.#read) return;
    this.#done = this.#read;
    this.#acknowledged.notify();
  }
}

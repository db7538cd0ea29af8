import { PeerClosed, type Sink } from "../../io/ports.ts";
import { Signal, type Waker } from "../../io/readiness.ts";

type State =
  /** Takes chunks. May become failed or closed. */
  | { readonly tag: "open" }
  /** The stream was aborted or failed. Final. */
  | { readonly tag: "failed"; readonly cause: unknown }
  /** Somebody closed the stream, or its reader has left. Final. */
  | { readonly tag: "closed" };

/**
 * A sink over a Web stream: takes bytes as long as the stream wants some, and a flush is complete when the stream has
 * taken all chunks. Closes the stream at the end, and aborts it with the reason if it is given up.
 */
export class WebSink implements Sink {
  readonly #writer: WritableStreamDefaultWriter<Uint8Array>;
  readonly #changed = new Signal();
  #state: State = { tag: "open" };
  #pending = 0;
  #waiting = false;

  /** @throws {TypeError} If the stream is locked. */
  constructor(stream: WritableStream<Uint8Array>) {
    this.#writer = stream.getWriter();
    this.#writer.closed.then(
      () => this.#become({ tag: "closed" }),
      (cause: unknown) => this.#fail(cause),
    );
  }

  write(bytes: Uint8Array): number {
    this.flush();
    if (bytes.length === 0) return 0;
    if ((this.#writer.desiredSize ?? 0) <= 0) {
      this.#wakeWhenWanted();
      return 0;
    }
    this.#pending++;
    this.#writer.write(bytes.slice()).then(
      () => this.#written(),
      (cause: unknown) => this.#fail(cause),
    );
    return bytes.length;
  }

  flush(): boolean {
    if (this.#state.tag === "failed") throw this.#state.cause;
    if (this.#state.tag === "closed") throw new PeerClosed();
    return this.#pending === 0;
  }

  watch(waker: Waker): void {
    this.#changed.watch(waker);
  }

  unwatch(waker: Waker): void {
    this.#changed.unwatch(waker);
  }

  async close(): Promise<void> {
    // A stream that fails while it is closed has told its owner; there is no guest left to tell.
    await this.#writer.close().catch(() => {});
    this.#writer.releaseLock();
  }

  abort(reason: unknown): void {
    void this.#writer.abort(reason).catch(() => {});
  }

  #written(): void {
    this.#pending--;
    this.#changed.notify();
  }

  #wakeWhenWanted(): void {
    if (this.#waiting) return;
    this.#waiting = true;
    this.#writer.ready.then(
      () => {
        this.#waiting = false;
        this.#changed.notify();
      },
      // Said here first, while a chunk that was written before is still under way: `closed` waits for that.
      (cause: unknown) => this.#fail(cause),
    );
  }

  /** A reader that cancels for no reason, as through a TransformStream, has just left. */
  #fail(cause: unknown): void {
    this.#become(cause === undefined ? { tag: "closed" } : { tag: "failed", cause });
  }

  #become(state: State): void {
    if (this.#state.tag === "open") this.#state = state;
    this.#changed.notify();
  }
}

import { PendingSink } from "../../io/pending-sink.ts";
import { PeerClosed } from "../../io/ports.ts";

/**
 * A sink over a Web stream: takes bytes as long as the stream wants some, and a flush is complete when the stream has
 * taken all chunks. Closes the stream at the end, and aborts it with the reason if it is given up.
 */
export class WebSink extends PendingSink {
  readonly #writer: WritableStreamDefaultWriter<Uint8Array>;
  #waiting = false;

  /** @throws {TypeError} If the stream is locked. */
  constructor(stream: WritableStream<Uint8Array>) {
    super();
    this.#writer = stream.getWriter();
    this.#writer.closed.then(
      // Somebody else closed the stream.
      () => this.fail(new PeerClosed()),
      (cause: unknown) => this.#failFor(cause),
    );
  }

  write(bytes: Uint8Array): number {
    this.flush();
    if (bytes.length === 0) return 0;
    if ((this.#writer.desiredSize ?? 0) <= 0) {
      this.#wakeWhenWanted();
      return 0;
    }
    this.begin();
    this.#writer.write(bytes.slice()).then(
      () => this.done(),
      (cause: unknown) => this.#failFor(cause),
    );
    return bytes.length;
  }

  async close(): Promise<void> {
    // A stream that fails while it is closed has told its owner; there is no guest left to tell.
    await this.#writer.close().catch(() => {});
    this.#writer.releaseLock();
  }

  abort(reason: unknown): void {
    void this.#writer.abort(reason).catch(() => {});
  }

  #wakeWhenWanted(): void {
    if (this.#waiting) return;
    this.#waiting = true;
    this.#writer.ready.then(
      () => {
        this.#waiting = false;
        this.wake();
      },
      // Said here first, while a chunk that was written before is still under way: `closed` waits for that.
      (cause: unknown) => this.#failFor(cause),
    );
  }

  /** A reader that cancels for no reason, as through a TransformStream, has just left. */
  #failFor(cause: unknown): void {
    this.fail(cause === undefined ? new PeerClosed() : cause);
  }
}

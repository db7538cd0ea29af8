import type { Writable } from "node:stream";
import { PendingSink } from "../../io/pending-sink.ts";
import { PeerClosed } from "../../io/ports.ts";

/** What Node says when the other side of a stream is gone. */
const GONE = new Set([
  "EPIPE",
  // A reader of a socket that leaves with bytes unread.
  "ECONNRESET",
  "ERR_STREAM_DESTROYED",
  "ERR_STREAM_PREMATURE_CLOSE",
  "ERR_STREAM_WRITE_AFTER_END",
]);

/** The failure of a sink, for an error that Node reports: `PeerClosed` if that says that nobody reads any more. */
export function sinkFailure(cause: unknown): unknown {
  const gone = cause instanceof Error && "code" in cause && GONE.has(String(cause.code));
  return gone ? new PeerClosed({ cause }) : cause;
}

/**
 * A sink over a Node stream: takes bytes while the stream is below its highWaterMark, and a flush is complete when the
 * stream has reported each chunk as written. Ends the stream at the end (not the process's own stdout and stderr), and
 * destroys it if it is given up.
 */
export class NodeSink extends PendingSink {
  readonly #stream: Writable;
  readonly #onChange = (): void => this.wake();
  readonly #onClose = (): void => this.fail(new PeerClosed());
  readonly #onError = (cause: unknown): void => this.fail(sinkFailure(cause));
  /** Writes that the stream has not answered. */
  #unanswered = 0;
  #released = false;

  constructor(stream: Writable) {
    super();
    this.#stream = stream;
    if (stream.errored) this.#onError(stream.errored);
    else if (stream.destroyed || stream.writableEnded) this.#onClose();
    stream.on("error", this.#onError);
    stream.on("close", this.#onClose);
    stream.on("drain", this.#onChange);
  }

  write(bytes: Uint8Array): number {
    this.flush();
    const stream = this.#stream;
    if (bytes.length === 0 || stream.writableNeedDrain) return 0;
    this.begin();
    this.#unanswered++;
    stream.write(bytes.slice(), (error) => {
      this.#unanswered--;
      // Node tells its listeners after this.
      if (this.#released) setImmediate(() => this.#forget());
      if (error) this.fail(sinkFailure(error));
      else this.done();
    });
    return bytes.length;
  }

  async close(): Promise<void> {
    this.#release();
    if (this.#isProcessOutput()) return;
    await new Promise<void>((resolve) => {
      // A stream that fails while it ends has told its owner; there is no guest left to tell.
      this.#stream.once("close", resolve);
      this.#stream.end(resolve);
    });
  }

  abort(reason: unknown): void {
    this.#release();
    if (!this.#isProcessOutput()) this.#stream.destroy(reason instanceof Error ? reason : undefined);
  }

  #isProcessOutput(): boolean {
    return "fd" in this.#stream && (this.#stream.fd === 1 || this.#stream.fd === 2);
  }

  #release(): void {
    this.#released = true;
    this.#stream.off("close", this.#onClose);
    this.#stream.off("drain", this.#onChange);
    this.#forget();
  }

  /**
   * An error that comes when nobody waits must not end the process: of a stream that we end somebody listens for good,
   * of the process's own as long as it may still have one that is ours.
   */
  #forget(): void {
    if (this.#unanswered === 0 && this.#isProcessOutput()) this.#stream.off("error", this.#onError);
  }
}

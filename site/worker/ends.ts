import { DiscardSink, PeerClosed, type Sink, type Source, type Waker } from "sluice";

/** A source that knows whether somebody waits for it. */
export class WatchedSource implements Source {
  /** As sources say it. */
  readonly isTerminal: boolean;
  readonly #inner: Source;
  readonly #wakers = new Set<Waker>();

  constructor(inner: Source, isTerminal: boolean) {
    this.isTerminal = isTerminal;
    this.#inner = inner;
  }

  get isAwaited(): boolean {
    // Some listen as long as they read, also while there is something.
    return this.#wakers.size > 0 && !this.#inner.ready();
  }

  read(max: number): Uint8Array | null {
    return this.#inner.read(max);
  }

  ready(): boolean {
    return this.#inner.ready();
  }

  watch(waker: Waker): void {
    this.#wakers.add(waker);
    this.#inner.watch(waker);
  }

  unwatch(waker: Waker): void {
    this.#wakers.delete(waker);
    this.#inner.unwatch(waker);
  }

  leave(): void {
    this.#inner.leave?.();
  }

  close(): void {
    this.#inner.close();
  }
}

/** Puts into a sink what somebody types, as it takes it. */
export class Feeder implements Waker {
  readonly #sink: Sink;
  readonly #chunks: Uint8Array[] = [];
  #isLast = false;
  #isOver = false;
  writtenBytes = 0;
  bufferedBytes = 0;

  constructor(sink: Sink) {
    this.#sink = sink;
    sink.watch(this);
  }

  get isOver(): boolean {
    return this.#isOver;
  }

  /** @param isLast Whether nothing comes after these. */
  add(bytes: Uint8Array, isLast: boolean): void {
    if (this.#isLast) return;
    if (bytes.length > 0) this.#chunks.push(bytes);
    this.writtenBytes += bytes.length;
    this.bufferedBytes += bytes.length;
    this.#isLast = isLast;
    this.wake();
  }

  wake(): void {
    if (this.#isOver) return;
    try {
      for (let chunk = this.#chunks[0]; chunk; chunk = this.#chunks[0]) {
        const taken = this.#sink.write(chunk);
        this.bufferedBytes -= taken;
        if (taken < chunk.length) {
          this.#chunks[0] = chunk.subarray(taken);
          return;
        }
        this.#chunks.shift();
      }
    } catch (error) {
      this.#end();
      if (error instanceof PeerClosed) return;
      throw error;
    }
    if (!this.#isLast) return;
    this.#end();
    void this.#sink.close();
  }

  #end(): void {
    this.#isOver = true;
    this.#chunks.length = 0;
    this.bufferedBytes = 0;
    this.#sink.unwatch(this);
  }
}

/** The most that is shown of what came since the last frame. */
const SHOWN_BYTES = 16_384;

/** A sink that keeps the last of what it took until it is shown. */
export class Screen extends DiscardSink {
  #chunks: Uint8Array[] = [];
  #keptBytes = 0;
  #skipped = 0;

  override write(bytes: Uint8Array): number {
    this.#chunks.push(bytes.slice(-SHOWN_BYTES));
    this.#keptBytes += Math.min(bytes.length, SHOWN_BYTES);
    this.#skipped += Math.max(0, bytes.length - SHOWN_BYTES);
    for (let first = this.#chunks[0]; first && this.#keptBytes - first.length >= SHOWN_BYTES;) {
      this.#chunks.shift();
      this.#keptBytes -= first.length;
      this.#skipped += first.length;
      first = this.#chunks[0];
    }
    return bytes.length;
  }

  /** What is to be shown now, if anything is. */
  take(): { readonly bytes: Uint8Array; readonly skipped: number } | undefined {
    if (this.#keptBytes === 0) return undefined;
    const all = new Uint8Array(this.#keptBytes);
    let at = 0;
    for (const chunk of this.#chunks) {
      all.set(chunk, at);
      at += chunk.length;
    }
    const shown = { bytes: all, skipped: this.#skipped };
    this.#chunks = [];
    this.#keptBytes = 0;
    this.#skipped = 0;
    return shown;
  }
}

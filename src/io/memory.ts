import type { Sink, Source } from "./ports.ts";
import { PeerClosed } from "./ports.ts";

const NONE = new Uint8Array(0);

/** A source of bytes that are all there. Does not copy them: they must not change while somebody reads. */
export class BytesSource implements Source {
  #bytes: Uint8Array;
  #read = 0;

  /** @param bytes A string counts as its UTF-8. */
  constructor(bytes: Uint8Array | string) {
    this.#bytes = typeof bytes === "string" ? new TextEncoder().encode(bytes) : bytes;
  }

  read(max: number): Uint8Array | null {
    if (this.#read >= this.#bytes.length) return null;
    const bytes = this.#bytes.subarray(this.#read, this.#read + max);
    this.#read += bytes.length;
    return bytes;
  }

  ready(): boolean {
    return true;
  }

  watch(): void {}

  unwatch(): void {}

  close(): void {
    this.#bytes = NONE;
  }
}

/** A source that is at its end: the standard input of a guest that was given none. */
export function closedSource(): Source {
  return new BytesSource(NONE);
}

/** A sink that takes everything and keeps nothing. */
export class DiscardSink implements Sink {
  write(bytes: Uint8Array): number {
    return bytes.length;
  }

  flush(): boolean {
    return true;
  }

  watch(): void {}

  unwatch(): void {}

  close(): void {}

  abort(): void {}
}

/** A sink whose other side is gone from the start. */
export class ClosedSink extends DiscardSink {
  override write(bytes: Uint8Array): number {
    throw new PeerClosed({ cause: `${bytes.length} bytes for a closed stream` });
  }

  override flush(): boolean {
    throw new PeerClosed();
  }
}

/** A sink that keeps everything in memory, for callers who want the whole output; they choose who may write how much. */
export class CollectSink extends DiscardSink {
  readonly #chunks: Uint8Array[] = [];

  override write(bytes: Uint8Array): number {
    this.#chunks.push(bytes.slice());
    return bytes.length;
  }

  /** All bytes so far, in one array of the caller's own. */
  bytes(): Uint8Array {
    const all = new Uint8Array(this.#chunks.reduce((sum, chunk) => sum + chunk.length, 0));
    let at = 0;
    for (const chunk of this.#chunks) {
      all.set(chunk, at);
      at += chunk.length;
    }
    return all;
  }

  /** All bytes so far as UTF-8. */
  text(): string {
    return new TextDecoder("utf-8", { fatal: false, ignoreBOM: true }).decode(this.bytes());
  }
}

import { createHash, type Hash } from "node:crypto";
import type { Sink } from "../../io/ports.ts";
import type { Waker } from "../../io/readiness.ts";

/** A guest that was run again on the same input has written something else. */
export class DivergedError extends Error {
  override readonly name: string = "DivergedError";
}

/** What is known of a segment's output from before. */
export interface Known {
  /** Bytes of it that are stored. */
  readonly bytes: number;
  /** Their hash, in hexadecimal. */
  readonly hash: string;
}

/** A sink that drops what is stored already, and hands on the rest only if the hash of what it has dropped is the right one. */
export class ReplaySink implements Sink {
  readonly #next: Sink;
  readonly #known: Known;
  readonly #hash: Hash;
  #dropped = 0;
  #diverged: DivergedError | undefined;

  /** @param hash Of all that the segment has written, which `next` goes on with. */
  constructor(next: Sink, known: Known, hash: Hash = createHash("sha256")) {
    this.#next = next;
    this.#known = known;
    this.#hash = hash;
  }

  /** Why nothing was handed on, if the output is another than it was. */
  get diverged(): DivergedError | undefined {
    return this.#diverged;
  }

  write(bytes: Uint8Array): number {
    if (this.#diverged) throw this.#diverged;
    const dropped = bytes.subarray(0, this.#known.bytes - this.#dropped);
    if (dropped.length > 0) {
      this.#hash.update(dropped);
      this.#dropped += dropped.length;
      if (this.#dropped === this.#known.bytes) this.#compare();
    }
    const rest = bytes.subarray(dropped.length);
    return dropped.length + (rest.length > 0 ? this.#next.write(rest) : 0);
  }

  /** The guest is over. @throws {DivergedError} If it has written less than is stored. */
  finish(): void {
    if (this.#dropped < this.#known.bytes) {
      this.#diverged ??= new DivergedError(
        `The guest has written ${this.#dropped} bytes, where it had written ${this.#known.bytes} of the same input`,
      );
    }
    if (this.#diverged) throw this.#diverged;
  }

  /**
   * Nothing waits for it: what is not stored when a stage dies is written again. A guest whose C library flushes after each 4 KiB
   * would otherwise wait for as many acknowledgements.
   */
  flush(): boolean {
    if (this.#diverged) throw this.#diverged;
    return true;
  }

  watch(waker: Waker): void {
    this.#next.watch(waker);
  }

  unwatch(waker: Waker): void {
    this.#next.unwatch(waker);
  }

  close(): void | Promise<void> {
    return this.#next.close();
  }

  abort(reason: unknown): void {
    this.#next.abort(reason);
  }

  #compare(): void {
    if (this.#hash.copy().digest("hex") === this.#known.hash) return;
    this.#diverged = new DivergedError(
      `The guest has not written the same ${this.#known.bytes} bytes again of the same input: its output depends on something else`,
    );
    throw this.#diverged;
  }
}

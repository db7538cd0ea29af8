import { DiscardSink } from "../../io/memory.ts";

/** The most that is kept: headers are part of a message, and of its limit. */
const TAIL_BYTES = 4096;

/** A sink that keeps the end of what it is given, and takes everything. */
export class Tail extends DiscardSink {
  #bytes: Uint8Array = new Uint8Array(0);
  #isCut = false;

  override write(bytes: Uint8Array): number {
    const kept = this.#bytes.subarray(Math.max(0, this.#bytes.length + bytes.length - TAIL_BYTES));
    const added = bytes.subarray(Math.max(0, bytes.length - TAIL_BYTES));
    this.#isCut ||= kept.length + added.length < this.#bytes.length + bytes.length;
    const next = new Uint8Array(kept.length + added.length);
    next.set(kept);
    next.set(added, kept.length);
    this.#bytes = next;
    return bytes.length;
  }

  /** As text; begins with dots if something came before. */
  text(): string {
    return `${this.#isCut ? "..." : ""}${new TextDecoder().decode(this.#bytes)}`;
  }
}

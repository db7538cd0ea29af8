import type { SocketAddress } from "./address.ts";

/** What a datagram takes beyond its bytes: an object or three, and its place in a list. */
const DATAGRAM_OVERHEAD = 256;

/** What the largest of them counts for. */
const MOST_BYTES = 65_536;

/** What a datagram of so many bytes counts for, where what is held is bounded. */
export function costOf(bytes: number): number {
  return Math.min(MOST_BYTES, bytes + DATAGRAM_OVERHEAD);
}

/** How many of the largest fit into so many bytes. */
export function largestIn(bytes: number): number {
  return Math.max(0, Math.floor(bytes / MOST_BYTES));
}

/** A datagram that has arrived. */
export interface Datagram {
  readonly data: Uint8Array;
  readonly from: SocketAddress;
}

/** Datagrams that have arrived and that nobody has taken: whole ones, in order, and no more than there is room for. */
export class DatagramQueue {
  readonly #limitBytes: number;
  #datagrams: (Datagram | undefined)[] = [];
  #taken = 0;
  #heldBytes = 0;

  /** @param limitBytes The most that is held, each datagram with its overhead; a single one may be larger. */
  constructor(limitBytes: number) {
    this.#limitBytes = limitBytes;
  }

  get length(): number {
    return this.#datagrams.length - this.#taken;
  }

  get first(): Datagram | undefined {
    return this.#datagrams[this.#taken];
  }

  /** Adds the newest, or drops it if there is no room: datagrams may get lost. @returns Whether it was added. */
  push(datagram: Datagram): boolean {
    const bytes = costOf(datagram.data.length);
    if (this.length > 0 && this.#heldBytes + bytes > this.#limitBytes) return false;
    this.#heldBytes += bytes;
    this.#datagrams.push(datagram);
    return true;
  }

  /** Takes the first away. */
  shift(): void {
    const { first } = this;
    if (!first) return;
    this.#heldBytes -= costOf(first.data.length);
    this.#datagrams[this.#taken++] = undefined;
    // Moves what is left only when it is no more than what has been taken.
    if (this.#taken * 2 < this.#datagrams.length) return;
    this.#datagrams = this.#datagrams.slice(this.#taken);
    this.#taken = 0;
  }

  clear(): void {
    this.#datagrams = [];
    this.#taken = 0;
    this.#heldBytes = 0;
  }
}

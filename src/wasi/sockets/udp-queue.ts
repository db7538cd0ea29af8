import type { SocketAddress } from "./address.ts";

/** What a datagram takes beyond its bytes: an object or three, and its place in a list. */
export const DATAGRAM_OVERHEAD = 256;

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
    const bytes = datagram.data.length + DATAGRAM_OVERHEAD;
    if (this.length > 0 && this.#heldBytes + bytes > this.#limitBytes) return false;
    this.#heldBytes += bytes;
    this.#datagrams.push(datagram);
    return true;
  }

  /** Takes the first away. */
  shift(): void {
    const { first } = this;
    if (!first) return;
    this.#heldBytes -= first.data.length + DATAGRAM_OVERHEAD;
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

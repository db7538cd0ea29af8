/** The memory that the thread of an instance and that of its embedder share: a bell for each, and a ring for each stream. */
import { Bell } from "./bell.ts";
import { Ring, type Wire } from "./ring.ts";

/** Apart, so that the two threads do not write to one line of a processor's cache. */
const GUEST_BELL = 64;
const FIRST_RING = 128;

const LEAST_BYTES = 4096;
const MOST_BYTES = 1024 * 1024;

/** Where a ring lies. */
export interface RingPlace {
  readonly at: number;
  readonly capacity: number;
}

/** A power of 2, at least `bytes`, within reason. */
export function ringBytes(bytes: number): number {
  const wanted = Math.min(MOST_BYTES, Math.max(LEAST_BYTES, bytes));
  return 2 ** Math.ceil(Math.log2(wanted));
}

export class SharedStreams {
  readonly memory: SharedArrayBuffer;
  readonly host: Bell;
  readonly guest: Bell;

  constructor(memory: SharedArrayBuffer) {
    this.memory = memory;
    this.host = new Bell(memory, 0);
    this.guest = new Bell(memory, GUEST_BELL);
  }

  /** Memory for rings of these sizes, each as `ringBytes` gives them. */
  static make(capacities: readonly number[]): { readonly streams: SharedStreams; readonly places: RingPlace[] } {
    let end = FIRST_RING;
    const places = capacities.map((capacity): RingPlace => {
      const at = end;
      end += Ring.bytesFor(capacity);
      return { at, capacity };
    });
    return { streams: new SharedStreams(new SharedArrayBuffer(end)), places };
  }

  wire({ at, capacity }: RingPlace): Wire {
    return { ring: new Ring(this.memory, at, capacity), guest: this.guest, host: this.host };
  }
}

/** The memory that the thread of an instance and that of its embedder share: a bell for each, and a ring for each stream. */
import { Bell } from "./bell.ts";
import { Ring, type Wire } from "./ring.ts";

/** Apart, so that the two threads do not write to one line of a processor's cache. */
const GUEST_BELL = 64;
export const BELLS_BYTES = 128;

const LEAST_BYTES = 4096;
const MOST_BYTES = 1024 * 1024;

/** Where a ring lies. */
export interface RingPlace {
  readonly memory: SharedArrayBuffer;
  readonly at: number;
  readonly capacity: number;
}

/** A power of 2, at least `bytes`, within reason. */
export function ringBytes(bytes: number): number {
  const wanted = Math.min(MOST_BYTES, Math.max(LEAST_BYTES, bytes));
  return 2 ** Math.ceil(Math.log2(wanted));
}

/** A bell for each of two threads. */
export class Bells {
  readonly memory: SharedArrayBuffer;
  readonly host: Bell;
  readonly guest: Bell;

  /** @param pokes As those of each `Bell`. */
  constructor(
    memory: SharedArrayBuffer = new SharedArrayBuffer(BELLS_BYTES),
    { host, guest }: { readonly host?: () => void; readonly guest?: () => void } = {},
  ) {
    this.memory = memory;
    this.host = new Bell(memory, 0, host);
    this.guest = new Bell(memory, GUEST_BELL, guest);
  }
}

/** Memory for rings of these sizes, each as `ringBytes` gives them. */
export function ringPlaces(capacities: readonly number[]): RingPlace[] {
  const memory = new SharedArrayBuffer(capacities.reduce((sum, capacity) => sum + Ring.bytesFor(capacity), 0));
  let end = 0;
  return capacities.map((capacity): RingPlace => {
    const at = end;
    end += Ring.bytesFor(capacity);
    return { memory, at, capacity };
  });
}

/** The ring at `place`, between the thread that has a stream and that of what is behind it. */
export function wireAt({ memory, at, capacity }: RingPlace, near: Bell, far: Bell): Wire {
  return { ring: new Ring(memory, at, capacity), near, far };
}

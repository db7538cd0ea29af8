/** Memory that a page and a worker share, all of it from the start: while the worker is blocked it cannot be given more. */
import { Ring } from "../../isolate/ring.ts";
import { BELLS_BYTES, type RingPlace } from "../../isolate/shared-streams.ts";

/** A hundred bodies that flow at a time. What was never used is an address space, and nothing else. */
const SHARED_BYTES = 16 * 1024 * 1024;
/** Of messages to the worker. */
const MESSAGES_BYTES = 64 * 1024;

/** The ring of messages to the worker. Two bells are before it. */
export function messagesIn(memory: SharedArrayBuffer): RingPlace {
  return { memory, at: BELLS_BYTES, capacity: MESSAGES_BYTES };
}

/** In the thread that gives. */
export class SharedMemory {
  readonly memory: SharedArrayBuffer = new SharedArrayBuffer(SHARED_BYTES);
  /** All rings that were ever given. */
  readonly #rings: { readonly place: RingPlace; readonly ring: Ring }[] = [];
  #end: number = BELLS_BYTES + Ring.bytesFor(MESSAGES_BYTES);

  /** Memory for rings of these sizes: of those that both sides have left, or new. @throws {RangeError} If there is no more. */
  readonly places = (capacities: readonly number[]): RingPlace[] => capacities.map((capacity) => this.#place(capacity));

  #place(capacity: number): RingPlace {
    const left = this.#rings.find(({ place, ring }) => place.capacity === capacity && ring.isLeft);
    if (left) {
      left.ring.clear();
      return left.place;
    }
    const place = { memory: this.memory, at: this.#end, capacity };
    const end = this.#end + Ring.bytesFor(capacity);
    if (end > SHARED_BYTES) throw new RangeError(`More streams flow than ${SHARED_BYTES} bytes of shared memory hold`);
    this.#end = end;
    this.#rings.push({ place, ring: new Ring(this.memory, place.at, capacity) });
    return place;
  }
}

/**
 * `stream` and `future`: two ends, and one copy at a time from the memory of the one to that of the other.
 *
 * An end belongs to a guest or to the host. A copy begins when both sides have said what they have: the first to come
 * is kept (`Pending`), the second makes it.
 *
 * @see https://github.com/WebAssembly/component-model/blob/main/design/mvp/CanonicalABI.md#stream-state
 */
import { Trap } from "../io/trap.ts";
import type { Element } from "./element.ts";

/** What one copy moves at most: who has more to give, or more place, does it again. */
const MOST_BYTES = 16 * 1024 * 1024;
/** The same for elements that are made into values on their way. */
const MOST_VALUES = 1024;

export const COPY = { completed: 0, dropped: 1, cancelled: 2 } as const;
export type CopyResult = (typeof COPY)[keyof typeof COPY];

/** Elements that have been promised a copy, or place for them. */
export interface CopyBuffer {
  /** How many elements may still be copied; `Infinity` if the host decides each time. */
  readonly remaining: number;
  /** Whose it is: a component instance, or nobody's that counts. */
  readonly owner: object | undefined;
  /** For a guest's: whether it asks for no element at all, only whether the other side is there. */
  readonly isEmpty?: boolean;
  /** For a guest's: whether it waits until that is done, and does nothing else. */
  readonly waits?: boolean;
  /** The host has or takes nothing now, though the other side is there. It comes again. */
  stalled?(): void;
  /** For the host's: whether a copy would move something now. */
  isReady?(): boolean;
}

/** What is written: elements, first to last. */
export interface Origin extends CopyBuffer {
  /** At most `count` elements as they are in memory, if they are numbers; valid until the next call. */
  bytes(count: number): Uint8Array | undefined;
  /**
   * Puts bytes straight into `into`, which it does not keep, and says how many: 0 for none now. They are copied then, and
   * `took` is not called. For a host's end of `stream<u8>`, whose bytes have no place yet.
   *
   * @param waits Whether the thread may be blocked until there are some.
   */
  fill?(into: Uint8Array, waits: boolean): number;
  /** At most `count` elements as values; resources as what stands for them (`Handle.rep`). */
  values(count: number): readonly unknown[];
  /** So many have been copied. */
  took(count: number): void;
}

/** Where to read to. */
export interface Target extends CopyBuffer {
  /** Takes at most `count` elements from the start of `origin`, and says how many: from a guest to a guest all of those. */
  take(origin: Origin, count: number): number;
}

/** Told how a copy went. `onCopy`: so many elements are there, and more may come until `reclaim` is called. */
export interface CopyListener {
  onCopy(reclaim: () => void): void;
  onDone(result: CopyResult): void;
}

type Pending =
  | { readonly is: "read"; readonly target: Target; readonly listener: CopyListener }
  | { readonly is: "write"; readonly origin: Origin; readonly listener: CopyListener };

/** What both ends of a stream or future are ends of. */
export abstract class Shared {
  readonly element: Element;
  #isDropped = false;
  #failure: { readonly cause: unknown } | undefined;
  protected pending: Pending | undefined;
  /** Told when one end is gone. */
  readonly onDrop: (() => void)[] = [];

  constructor(element: Element) {
    this.element = element;
  }

  /** Whether one of its ends is gone. */
  get isDropped(): boolean {
    return this.#isDropped;
  }

  /** Why whoever wrote it did not come to its end. Only the host sees that: to guests one end is as good as another. */
  get failure(): { readonly cause: unknown } | undefined {
    return this.#failure;
  }

  abstract read(target: Target, listener: CopyListener): void;
  abstract write(origin: Origin, listener: CopyListener): void;

  protected readonly reset = (): void => {
    this.pending = undefined;
  };

  protected notify(result: CopyResult): void {
    const { pending } = this;
    this.pending = undefined;
    pending?.listener.onDone(result);
  }

  /** Whether the host waits for what is written. */
  get isAskedByHost(): boolean {
    return this.pending?.is === "read" && this.pending.target.owner === undefined;
  }

  /** Who has begun gives up. */
  cancel(): void {
    this.notify(COPY.cancelled);
  }

  /** One end is gone: the other one is told, if it waits. @param failure If it did not come to its end. */
  drop(failure?: { readonly cause: unknown }): void {
    if (this.#isDropped) return;
    this.#isDropped = true;
    this.#failure = failure;
    if (this.pending) this.notify(COPY.dropped);
    for (const told of this.onDrop.splice(0)) told();
  }

  /** @throws {Trap} If a component instance would copy to itself what is more than numbers: as the specification has it for now. */
  protected assertOthers(a: CopyBuffer, b: CopyBuffer): void {
    if (a.owner !== undefined && a.owner === b.owner && !this.element.isNumber) {
      throw new Trap("1.1", "a component instance reads and writes the same stream or future of what is no number");
    }
  }
}

/** `stream<T>` */
export class SharedStream extends Shared {
  override read(target: Target, listener: CopyListener): void {
    if (this.isDropped) return listener.onDone(COPY.dropped);
    const { pending } = this;
    if (pending?.is !== "write") {
      this.pending = { is: "read", target, listener };
      return;
    }
    const { origin } = pending;
    this.assertOthers(origin, target);
    if (origin.remaining === 0) {
      this.notify(COPY.completed);
      return this.#begin({ is: "read", target, listener });
    }
    if (target.remaining > 0) {
      if (this.#copied(origin, target)) pending.listener.onCopy(this.reset);
      else return this.#isStalled({ is: "read", target, listener }, origin, target);
    } else if (origin.isReady?.() === false) return this.#isStalled({ is: "read", target, listener }, origin, target);
    listener.onDone(COPY.completed);
  }

  override write(origin: Origin, listener: CopyListener): void {
    if (this.isDropped) return listener.onDone(COPY.dropped);
    const { pending } = this;
    if (pending?.is !== "read") {
      this.pending = { is: "write", origin, listener };
      return;
    }
    const { target } = pending;
    this.assertOthers(origin, target);
    if (target.remaining > 0) {
      if (origin.remaining > 0) {
        if (this.#copied(origin, target)) pending.listener.onCopy(this.reset);
        else return this.#isStalled({ is: "write", origin, listener }, origin, target);
      } else if (target.isReady?.() === false)
        return this.#isStalled({ is: "write", origin, listener }, origin, target);
      listener.onDone(COPY.completed);
      return;
    }
    if (origin.isEmpty === true && target.isEmpty === true) return listener.onDone(COPY.completed);
    this.notify(COPY.completed);
    this.#begin({ is: "write", origin, listener });
  }

  /** The other side has been told that what it asked is answered: it may have left, and may have asked again. */
  #begin(mine: Pending): void {
    if (this.isDropped) mine.listener.onDone(COPY.dropped);
    else if (!this.pending) this.pending = mine;
    else if (mine.is === "read") this.read(mine.target, mine.listener);
    else this.write(mine.origin, mine.listener);
  }

  #copied(origin: Origin, target: Target): boolean {
    const { isNumber, size } = this.element;
    const most = !isNumber ? MOST_VALUES : size > 0 ? MOST_BYTES / size : Infinity;
    return target.take(origin, Math.min(origin.remaining, target.remaining, most)) > 0;
  }

  /** The host's side has nothing to give, or no place: the guest's waits, and the host is told to come again. */
  #isStalled(mine: Pending, origin: Origin, target: Target): void {
    const host: CopyBuffer = origin.stalled && !(target.stalled && target.isReady?.() === false) ? origin : target;
    const isMine = mine.is === "read" ? host === target : host === origin;
    // The guest's, whichever came first.
    if (!isMine) this.pending = mine;
    host.stalled?.();
  }
}

/** `future<T>` */
export class SharedFuture extends Shared {
  /** For one that the host writes: what it reads to the end before. */
  follows: Shared | undefined;

  override read(target: Target, listener: CopyListener): void {
    const { pending } = this;
    if (pending?.is !== "write") {
      if (this.isDropped) return listener.onDone(COPY.dropped);
      this.pending = { is: "read", target, listener };
      return;
    }
    this.assertOthers(pending.origin, target);
    target.take(pending.origin, 1);
    this.notify(COPY.completed);
    listener.onDone(COPY.completed);
  }

  override write(origin: Origin, listener: CopyListener): void {
    if (this.isDropped) return listener.onDone(COPY.dropped);
    const { pending } = this;
    if (pending?.is !== "read") {
      this.pending = { is: "write", origin, listener };
      return;
    }
    this.assertOthers(origin, pending.target);
    pending.target.take(origin, 1);
    this.notify(COPY.completed);
    listener.onDone(COPY.completed);
  }
}

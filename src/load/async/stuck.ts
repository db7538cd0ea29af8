/** Whether the threads of a component wait for each other, or for nothing. */
import { CopyEnd } from "../../abi/ends.ts";
import { SharedFuture, type Shared } from "../../abi/copy.ts";
import { Waitable } from "../../abi/waitable.ts";
import { Subtask } from "./lower.ts";
import type { Linked } from "../link/link.ts";

/**
 * Whether nothing can happen in the component any more, unless somebody calls it from outside: each of its threads waits, and
 * none for what the host, or another component, could bring about. Where that is not certain it is false.
 *
 * Takes as long as it has threads and handles; no longer than it takes to find one thread that waits for the host, if that
 * waits by itself.
 */
export function isStuck(linked: Linked): boolean {
  const { store, groups } = linked.concurrency;
  if (!store.isStill) return false;
  const areWaiting = groups.every(({ threads }) =>
    threads.every((thread) => !thread || thread.suspended !== undefined || thread.wait?.isOutside === false),
  );
  if (!areWaiting) return false;
  const waitables = linked.instances.flatMap(({ handles }) =>
    [...handles.all()].flatMap(({ rep }) => (rep instanceof Waitable ? rep : [])),
  );
  const ends = new Ends(waitables);
  return !waitables.some((waitable) => isAwaited(waitable) && ends.mayChange(waitable));
}

function isAwaited({ onEvent, set }: Waitable): boolean {
  return onEvent !== undefined || (set !== undefined && set.waiters.size > 0);
}

/** Which ends of streams and futures the component has. */
class Ends {
  readonly #readable = new Set<Shared>();
  readonly #writable = new Set<Shared>();

  constructor(waitables: readonly Waitable[]) {
    for (const waitable of waitables) {
      if (waitable instanceof CopyEnd)
        (waitable.kind.isReadable ? this.#readable : this.#writable).add(waitable.shared);
    }
  }

  /** Whether there may be an event of it that is none of the component's doing. */
  mayChange(waitable: Waitable): boolean {
    if (waitable.hasEvent) return true;
    if (waitable instanceof Subtask) return waitable.isOutside && !waitable.isResolved;
    if (!(waitable instanceof CopyEnd) || !waitable.isCopying) return false;
    const { shared, kind } = waitable;
    if ((kind.isReadable ? this.#writable : this.#readable).has(shared)) return false;
    const follows = shared instanceof SharedFuture ? shared.follows : undefined;
    return !follows?.isAskedByHost || !this.#writable.has(follows);
  }
}

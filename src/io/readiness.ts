import { Few } from "./few.ts";

/** Somebody who waits. May be woken too often; asks again each time. */
export interface Waker {
  /** Must not throw, and must not wait. */
  wake(): void;
}

/** Something whose state changes and that can be waited on. */
export interface Watchable {
  /** Wakes `waker` at each change until `unwatch`. Never from within this call. The same waker twice counts once. */
  watch(waker: Waker): void;
  /** Forgets `waker`; nothing happens if it does not watch. */
  unwatch(waker: Waker): void;
}

/**
 * A level-triggered question: an answer now, and a way to be woken when the answer may have changed.
 *
 * @see WASI 0.2 `wasi:io/poll` `pollable`
 */
export interface Readiness extends Watchable {
  /** True when the operation that this stands for would not have to wait. Asking may start work in the background. */
  ready(): boolean;
  /** True if it is ready, and so for ever: nobody needs to ask again. */
  readonly isSettled?: boolean;
}

/** Wakes all who watch. Holds nobody who does not, and is small for what nobody has ever watched. */
export class Signal implements Watchable {
  #wakers: Few<Waker> | undefined;

  watch(waker: Waker): void {
    (this.#wakers ??= new Few()).add(waker);
  }

  unwatch(waker: Waker): void {
    this.#wakers?.delete(waker);
  }

  /** How many watch: zero means that nobody would notice `notify`. */
  get watchers(): number {
    return this.#wakers?.size ?? 0;
  }

  notify(): void {
    this.#wakers?.forEach(wake);
  }
}

function wake(waker: Waker): void {
  waker.wake();
}

/** Ready when any of several is. */
export class AnyOf implements Readiness {
  readonly #members: readonly Readiness[];

  constructor(members: readonly Readiness[]) {
    this.#members = members;
  }

  ready(): boolean {
    // All are asked, even after one is found ready, so that the others start what they have to start (4.8).
    let ready = false;
    for (const member of this.#members) {
      if (member.ready()) ready = true;
    }
    return ready;
  }

  watch(waker: Waker): void {
    for (const member of this.#members) member.watch(waker);
  }

  unwatch(waker: Waker): void {
    for (const member of this.#members) member.unwatch(waker);
  }
}

/** Always ready: what a closed stream or a finished operation is. */
export const ALWAYS: Readiness = {
  ready: () => true,
  watch: () => {},
  unwatch: () => {},
};

import type { CoreValue } from "../abi/type.ts";
import { WAIT } from "./gate.ts";
import type { Suspended } from "./suspended.ts";

const NONE = -1;

/** The calls of one guest that wait: one, unless it has threads. */
export class Suspensions {
  /** By their tickets. */
  readonly #calls: (Suspended | undefined)[] = [];
  readonly #free: number[] = [];
  /** The ticket of the call for which the guest is about to wait. */
  #pending = NONE;
  /** What the last attempt gave, if it could not say so itself: see `Ungated.boxed`. */
  boxed: CoreValue | undefined;

  /** The guest is about to wait for `call`. Returns what an attempt then does. */
  suspend(call: Suspended): number {
    const ticket = this.#free.pop() ?? this.#calls.length;
    call.ticket = ticket;
    this.#calls[ticket] = call;
    this.#pending = ticket;
    return WAIT;
  }

  /** It waits. Gives the ticket when it is to go on. */
  wait(): Promise<number> {
    const call = this.#calls[this.#pending];
    this.#pending = NONE;
    if (!call) throw new Error("Nothing is pending");
    const promise = new Promise<number>(keepResolve);
    call.wait(lastResolve);
    return promise;
  }

  /** It goes on. Returns what an attempt does. */
  resume(ticket: number): CoreValue {
    const call = this.#calls[ticket];
    if (!call) throw new Error("Nobody waits with this ticket");
    this.#calls[ticket] = undefined;
    this.#free.push(ticket);
    const result = call.resume();
    if (this.#pending !== NONE) return WAIT;
    if (!call.isBoxed) return result ?? 0;
    this.boxed = result;
    return 0;
  }

  /** Whether nobody waits. */
  get isEmpty(): boolean {
    return this.#free.length === this.#calls.length;
  }

  /** Whether the host does something of which one of them hears. */
  get isAwaited(): boolean {
    return this.#calls.some((call) => call?.isWatching);
  }

  /** The guest is ended: those who wait for the host are told. */
  end(reason: unknown): void {
    for (const call of [...this.#calls]) if (call?.isWatching) call.fail(reason);
  }
}

/** Of the promise that was just made: a function for each would be made otherwise. */
let lastResolve: (ticket: number) => void = () => {};

function keepResolve(resolve: (ticket: number) => void): void {
  lastResolve = resolve;
}

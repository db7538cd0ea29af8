/**
 * What a guest of the asynchronous ABI can wait for: events, what has them, and sets of that.
 *
 * @see https://github.com/WebAssembly/component-model/blob/main/design/mvp/CanonicalABI.md#waitable-state
 */
import type { ResourceType } from "./handles.ts";
import { Trap } from "../io/trap.ts";

/** What an event says: its code, whom it is about, and what of that. */
export type Event = readonly [code: number, about: number, payload: number];

export const EVENT = {
  none: 0,
  subtask: 1,
  streamRead: 2,
  streamWrite: 3,
  futureRead: 4,
  futureWrite: 5,
  taskCancelled: 6,
} as const;

export const NO_EVENT: Event = [EVENT.none, 0, 0];
export const CANCELLED: Event = [EVENT.taskCancelled, 0, 0];

/** A kind of entry in a table of handles that is no resource. */
export function tableKind(name: string): ResourceType {
  return { name, definer: undefined, drop: () => {} };
}

/** Has an event at times: one at a time, the last one if there were more. */
export class Waitable {
  #event: (() => Event) | undefined;
  #set: WaitableSet | undefined;
  /** Told when there is an event: a thread that waits for this alone. */
  onEvent: (() => void) | undefined;

  get hasEvent(): boolean {
    return this.#event !== undefined;
  }

  get set(): WaitableSet | undefined {
    return this.#set;
  }

  /** @param event What it says when somebody takes it, which may be later. */
  setEvent(event: () => Event): void {
    this.#event = event;
    this.#set?.add(this);
    this.onEvent?.();
  }

  takeEvent(): Event {
    const event = this.#event;
    if (!event) throw new Error("There is no event");
    this.#event = undefined;
    this.#set?.delete(this);
    return event();
  }

  /** Becomes a member of a set, and of no other. @throws {Trap} While a thread waits for it alone. */
  join(set: WaitableSet | undefined): void {
    if (this.onEvent) throw new Trap("1.1", "a waitable joins a set while a call waits for it");
    this.#set?.leave(this);
    this.#set = set;
    set?.enter(this);
  }
}

/** A set of waitables, which threads can wait for. */
export class WaitableSet {
  /** Those that have an event, oldest first. */
  readonly #ready = new Set<Waitable>();
  #members = 0;
  /** Threads that wait for it, told when there is an event. */
  readonly waiters: Set<() => void> = new Set();

  get hasEvent(): boolean {
    return this.#ready.size > 0;
  }

  takeEvent(): Event {
    for (const first of this.#ready) return first.takeEvent();
    throw new Error("There is no event");
  }

  /** A member has an event. */
  add(waitable: Waitable): void {
    this.#ready.add(waitable);
    for (const wake of this.waiters) wake();
  }

  /** A member has no event any more. */
  delete(waitable: Waitable): void {
    this.#ready.delete(waitable);
  }

  enter(waitable: Waitable): void {
    this.#members++;
    if (waitable.hasEvent) this.add(waitable);
  }

  leave(waitable: Waitable): void {
    this.#members--;
    this.#ready.delete(waitable);
  }

  /** @throws {Trap} If it has members, or somebody waits for it. */
  assertUnused(): void {
    if (this.#members > 0) throw new Trap("1.1", `a waitable set is dropped with ${this.#members} members`);
    if (this.waiters.size > 0) throw new Trap("1.1", "a waitable set is dropped while a thread waits for it");
  }
}

export const WAITABLE_SET: ResourceType = tableKind("waitable set");
export const SUBTASK: ResourceType = tableKind("subtask");

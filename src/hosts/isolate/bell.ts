/** How one thread hears from another that something has changed, in memory that both share. */
import { Signal, type Waker } from "../../io/readiness.ts";

/** The second word: whether a message is on its way. */
const POKED = 1;

/**
 * A count that only grows: who changes something that the other thread waits for rings it afterwards. That thread waits by
 * a promise (`Hearing`), or blocks (`park`): where it cannot suspend WebAssembly.
 */
export class Bell {
  readonly #words: Int32Array;
  readonly #poke: (() => void) | undefined;

  /**
   * @param at In `memory`, a multiple of 4.
   * @param poke Has the thread of the bell call `poked` of its `Hearing`, by a message: for engines that wait for no memory but
   *   by blocking.
   */
  constructor(memory: SharedArrayBuffer, at: number, poke?: () => void) {
    this.#words = new Int32Array(memory, at, 2);
    this.#poke = poke;
  }

  /** How often it has been rung, in 32 bits. */
  get count(): number {
    return Atomics.load(this.#words, 0);
  }

  ring(): void {
    Atomics.add(this.#words, 0, 1);
    Atomics.notify(this.#words, 0);
    // One message at a time: there may be nobody who takes them.
    if (this.#poke && Atomics.exchange(this.#words, POKED, 1) === 0) this.#poke();
  }

  /** Whether its thread hears of it by messages. */
  get isPoked(): boolean {
    return this.#poke !== undefined;
  }

  /** The message has come that `ring` has sent: there may be another one. */
  heard(): void {
    Atomics.store(this.#words, POKED, 0);
  }

  /** Resolves when `count` is another; nothing if it is already. */
  after(count: number): Promise<unknown> | undefined {
    const wait = Atomics.waitAsync(this.#words, 0, count);
    return wait.async ? wait.value : undefined;
  }

  /** Blocks the thread until `count` is another, or so many milliseconds have passed. */
  park(count: number, ms: number = Number.POSITIVE_INFINITY): void {
    Atomics.wait(this.#words, 0, count, ms);
  }
}

const LATER = Promise.resolve();

/** The one of a thread's that hears a bell, for all that it has to do with the other thread. */
export class Hearing {
  readonly bell: Bell;
  /** Has something done in a turn of the event loop of its own. */
  readonly soon: (callback: () => void) => void;
  readonly #rung = new Signal();
  #isWaiting = false;
  #moment = 0;
  #isNow = false;

  constructor(bell: Bell, soon: (callback: () => void) => void) {
    this.bell = bell;
    this.soon = soon;
  }

  /** @param seen The count of the bell before `waker` last looked: it is woken too if the bell was rung since. */
  watch(waker: Waker, seen: number): void {
    this.#rung.watch(waker);
    // A wait that is under way is for a count that was right when it began: what has been rung since then ends it.
    if (!this.#isWaiting || this.bell.count !== seen) this.#waitAfter(seen);
  }

  unwatch(waker: Waker): void {
    this.#rung.unwatch(waker);
  }

  /**
   * The same number for as long as nothing in this thread has waited. What the other thread does meanwhile is not to be seen
   * before the next one: a guest that asks twice is told the same, as where its streams are of its own thread.
   */
  get moment(): number {
    if (!this.#isNow) {
      this.#isNow = true;
      this.#moment++;
      void LATER.then(() => (this.#isNow = false));
    }
    return this.#moment;
  }

  /** Wakes all who watch: by whom the bell was heard while the thread was blocked. */
  hear(): void {
    this.#isNow = false;
    this.#rung.notify();
  }

  /** A message says that the bell was rung: where it is not heard otherwise. */
  poked(): void {
    this.bell.heard();
    this.#wake();
  }

  #waitAfter(count: number): void {
    const isRung = this.bell.count !== count;
    // Then a message says so.
    if (!isRung && this.bell.isPoked) return;
    this.#isWaiting = true;
    void ((isRung ? undefined : this.bell.after(count)) ?? LATER).then(() => this.#wake());
  }

  #wake(): void {
    this.#isWaiting = false;
    // Before they look: what comes after that is heard of.
    const { count } = this.bell;
    this.hear();
    if (this.#rung.watchers > 0 && !this.#isWaiting) this.#waitAfter(count);
  }
}

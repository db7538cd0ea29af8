/** Calls of what a component exports: one at a time, and none after the end. */
import type { CoreValue } from "../abi/type.ts";
import { Trap } from "../io/trap.ts";
import type { FuncItem } from "../load/plan/items.ts";
import type { Linked } from "../load/link/link.ts";
import type { CoreFunction } from "../wait/gate.ts";
import type { ExportedFunction } from "./embed/exports.ts";
import { asTrap, type Life } from "./life.ts";

export type LiftedItem = FuncItem & { readonly is: "lifted" };

/** One exported function of one instance: how values pass to it and from it. */
export interface Lifted {
  readonly core: CoreFunction;
  /** The function, as it may be suspended. */
  readonly promising: (...args: unknown[]) => Promise<unknown>;
  /** The arguments as core values. @throws {TypeError} That names what is wrong. */
  lower(args: readonly unknown[]): CoreValue[];
  /** Whether it is the guest itself, in its allocator, that `lower` has failed in. */
  readonly hasFailed: boolean;
  /** The value of a result, after which the guest has cleaned up. @throws {Trap} */
  lift(result: unknown): unknown;
  /** The call is over, however it went: who lent something to it has that back. */
  endScope(): void;
  /** What the caller gets for a value: the error case of a result is thrown. */
  returned(value: unknown): unknown;
}

/** How an instance is called; see the fields. */
export interface Calling {
  /** Whether calls give values, and no promises. */
  readonly isSync: boolean;
  /** Whether the guest may be suspended in a component of another instance, which goes on when this one is over. */
  readonly waitsElsewhere: boolean;
}

/** The way into one instance. */
export abstract class Calls {
  readonly linked: Linked;
  readonly life: Life;
  readonly isSync: boolean;
  readonly waitsElsewhere: boolean;
  /** Ends the call that is under way, wherever it waits. */
  #abandon: ((reason: unknown) => void) | undefined;
  /** Calls that begin when those are out who came before: there are some only while somebody is inside. */
  readonly #waiting: (() => void)[] = [];
  /** Whether somebody is inside. */
  isRunning = false;

  constructor(linked: Linked, life: Life, { isSync, waitsElsewhere }: Calling) {
    this.waitsElsewhere = waitsElsewhere;
    this.linked = linked;
    this.life = life;
    this.isSync = isSync;
    // What is over is never left.
    linked.isEntered = () => this.isRunning || life.task.isEnded;
  }

  /** What a component exports by this name, as JavaScript calls it. */
  abstract function(name: string, func: LiftedItem): ExportedFunction;

  protected general(lifted: Lifted): ExportedFunction {
    return this.isSync ? (...args) => this.#callSync(lifted, args) : (...args) => this.#call(lifted, args);
  }

  #callSync(lifted: Lifted, args: unknown[]): unknown {
    this.life.task.assertAlive();
    if (this.isRunning) throw reentered();
    this.enter();
    let flat;
    try {
      flat = lifted.lower(args);
    } catch (error) {
      if (lifted.hasFailed) {
        void this.fail(error).catch(() => {});
        throw asTrap(error);
      }
      // What is wrong with arguments leaves the guest as it is.
      this.left();
      throw error;
    }
    let value;
    try {
      value = lifted.lift(lifted.core(...(flat as never[])));
      this.life.task.assertAlive();
    } catch (error) {
      lifted.endScope();
      void this.fail(error).catch(() => {});
      throw asTrap(error);
    }
    this.left();
    return lifted.returned(value);
  }

  #call(lifted: Lifted, args: unknown[]): Promise<unknown> {
    return this.isRunning ? this.inTurn(() => this.#callNow(lifted, args)) : this.#callNow(lifted, args);
  }

  /** Begins at once if nobody is inside, else when those are out who came before. */
  protected inTurn<T>(begin: () => Promise<T>): Promise<T> {
    if (!this.isRunning) return begin();
    return new Promise<T>((resolve) => {
      this.#waiting.push(() => resolve(begin()));
    });
  }

  /** Never throws. It is no async function: its promise more would take three turns of the microtasks. */
  #callNow(lifted: Lifted, args: unknown[]): Promise<unknown> {
    let flat;
    try {
      this.life.task.assertAlive();
      this.enter();
    } catch (error) {
      return Promise.reject(error);
    }
    try {
      flat = lifted.lower(args);
    } catch (error) {
      if (lifted.hasFailed) return this.fail(error);
      this.left();
      return Promise.reject(error);
    }
    return this.#called(lifted.promising(...flat)).then(
      (result) => this.leave(lifted, result),
      (error: unknown) => {
        lifted.endScope();
        return this.fail(error);
      },
    );
  }

  #called(call: Promise<unknown>): Promise<unknown> {
    if (!this.waitsElsewhere) return call;
    return new Promise((resolve, reject) => {
      this.#abandon = reject;
      call.then(resolve, reject);
    });
  }

  /** The instance is over: whoever waits for a call hears of it now, even if the other component still has it. */
  abandon(reason: unknown): void {
    this.#abandon?.(reason);
  }

  protected leave(lifted: Lifted, result: unknown): unknown {
    let value;
    try {
      this.life.task.assertAlive();
      value = lifted.lift(result);
    } catch (error) {
      lifted.endScope();
      return this.fail(error);
    }
    this.left();
    return lifted.returned(value);
  }

  /** @throws {Trap} If another component is inside, or was when it trapped. */
  enter(): void {
    const { entry } = this.linked;
    if (entry?.value === 0) throw reentered();
    if (entry) entry.value = 0;
    this.isRunning = true;
  }

  /** The guest may be entered again: by the first who waits, before anybody else. */
  left(): void {
    const { entry } = this.linked;
    if (entry) entry.value = 1;
    this.isRunning = false;
    this.#admit();
  }

  #admit(): void {
    while (!this.isRunning && this.#waiting.length > 0) this.#waiting.shift()?.();
  }

  /** The guest is over. Other components cannot enter it any more. */
  async fail(error: unknown): Promise<never> {
    if (this.isSync) this.isRunning = false;
    const told = await this.life.fail(error);
    this.isRunning = false;
    this.#admit();
    throw told;
  }
}

function reentered(): Trap {
  return new Trap("1.1", "cannot enter component instance: it is in the middle of a call, or was when that trapped");
}

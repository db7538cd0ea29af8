/** Calls of what an asynchronous component exports: many at once, as the specification orders them. */
import { deferred } from "../../io/deferred.ts";
import type { Shared } from "../../abi/copy.ts";
import { CopyEnd } from "../../abi/ends.ts";
import { located } from "../../abi/params.ts";
import { show } from "../../abi/show.ts";
import { WitError } from "../../io/errors.ts";
import { Roster, type Listed } from "../../io/roster.ts";
import { RuntimeError, Trap } from "../../io/trap.ts";
import { AsyncLifted } from "../../load/async/lift.ts";
import type { FuncItem } from "../../load/plan/items.ts";
import type { DefinedResource } from "../../load/link/defined-resource.ts";
import type { Linked } from "../../load/link/link.ts";
import { isStuck } from "../../load/async/stuck.ts";
import { cpu } from "../../wait/threads.ts";
import type { ExportedFunction } from "./exports.ts";
import type { Life } from "../life.ts";

/** A call that has begun. */
export interface UnderWay {
  readonly result: Promise<unknown>;
  /** Resolves when the guest does no more for it, which may be long after its result; rejects if the instance ends before. */
  readonly exited: Promise<void>;
}

/** A call that is under way. */
interface Under extends Listed {
  /** Whoever waits for it waits no longer. */
  readonly end: (reason: unknown) => void;
}

/** The way into one instance. */
export class AsyncCalls {
  readonly #linked: Linked;
  readonly #life: Life;
  /** What ends the calls that are under way. */
  readonly #under = new Roster<Under>();
  /** Calls of functions that are not async, or of destructors: one at a time. */
  #last: Promise<unknown> = Promise.resolve();

  /** @param trapsDeadlock Whether a call that waits for what only another call could bring about ends the instance. */
  constructor(linked: Linked, life: Life, trapsDeadlock: boolean) {
    this.#linked = linked;
    this.#life = life;
    if (trapsDeadlock) linked.concurrency.store.onStill = () => this.#still();
    linked.isEntered = () => life.task.isEnded || linked.concurrency.groups[0]?.instance.mayEnter.value === 0;
  }

  /** No thread can go on for now. */
  #still(): void {
    if (this.#under.size > 0 && isStuck(this.#linked)) {
      void this.#life.fail(new RuntimeError("deadlock: its tasks wait for each other, or for nothing"));
    }
  }

  function(name: string, func: FuncItem & { readonly is: "lifted" }): ExportedFunction {
    const { type } = func;
    const lifted = new AsyncLifted(this.#linked, func, this.#linked.guest(func.options, func.instance));
    const call = (args: unknown[]): Promise<unknown> => this.#call(name, lifted, args);
    return (...args) => (type.async ? this.#soon(() => call(args)) : this.#inTurn(() => call(args)));
  }

  /** As `function`, of one that is async: it is known when the guest has left it. */
  underWay(name: string, func: FuncItem & { readonly is: "lifted" }): (...args: unknown[]) => UnderWay {
    const lifted = new AsyncLifted(this.#linked, func, this.#linked.guest(func.options, func.instance));
    return (...args) => {
      const { promise: exited, resolve, reject } = deferred<void>();
      // Who waits for the result alone is told by that.
      exited.catch(() => {});
      const under: Under = { end: reject, place: -1 };
      this.#under.add(under);
      const left = (): void => {
        this.#under.delete(under);
        resolve();
      };
      const result = this.#soon(() => {
        const { task } = this.#life;
        // What is over has nobody left to abandon.
        if (task.isEnded) {
          this.#under.delete(under);
          reject(task.endedBy);
        }
        return this.#call(name, lifted, args, left);
      });
      return { result, exited };
    };
  }

  /** Whether the guest holds the end of a stream or future that is written. */
  isWriting(shared: Shared): boolean {
    return this.#linked.instances.some(({ handles }) =>
      [...handles.all()].some(({ rep }) => rep instanceof CopyEnd && rep.shared === shared && !rep.kind.isReadable),
    );
  }

  /** Runs the destructor of a resource that JavaScript lets go of. */
  async destroy(type: DefinedResource, rep: number): Promise<void> {
    const destructor = type.destructor?.();
    if (!destructor || this.#life.task.isEnded) return;
    const run = this.#life.task.promising(destructor);
    await this.#inTurn(async () => {
      try {
        await run(...([rep] as never[]));
      } catch (error) {
        await this.#life.fail(error);
      }
    }).catch(() => {});
  }

  /** The instance is over: whoever waits for a call hears of it. */
  abandon(reason: unknown): void {
    for (const { end } of this.#under.members) end(reason);
    this.#under.clear();
  }

  /** Not while a guest runs, or waits in a call during which nothing else may; and from where it may wait. */
  #soon<T>(begin: () => Promise<T>): Promise<T> {
    const { store } = this.#linked.concurrency;
    if (!cpu.thread && !store.isHeld && !store.task.blocksThread) return begin();
    return new Promise<T>((resolve) => store.whenIdle(() => resolve(begin())));
  }

  #inTurn<T>(begin: () => Promise<T>): Promise<T> {
    const result = this.#last.then(() => this.#soon(begin));
    this.#last = result.catch(() => {});
    return result;
  }

  async #call(name: string, lifted: AsyncLifted, args: unknown[], onExit?: () => void): Promise<unknown> {
    const { task } = this.#life;
    task.assertAlive();
    const { params, result } = lifted.type;
    const { promise, resolve, reject } = deferred<unknown>();
    // Where the guest blocks the thread, the call may be over before anybody waits for it.
    promise.catch(() => {});
    const under: Under = {
      end: (reason) => reject(reason instanceof Error ? reason : new Error(String(reason))),
      place: -1,
    };
    this.#under.add(under);
    const settle = (then: () => void): void => {
      this.#under.delete(under);
      then();
    };
    lifted.start(
      () => params.map((_, index) => args[index]),
      (resolved) =>
        settle(() => {
          if (resolved) resolve(resolved.value);
          else reject(new Trap("1.1", `${name} was cancelled`));
        }),
      undefined,
      (error) =>
        // An embedder's own exception is whatever it throws.
        settle(() => reject(located(name, error))),
      onExit,
    );
    const value = await promise;
    if (result?.kind !== "result") return value;
    // A result is `{ tag, val }`.
    const { tag, val } = value as { readonly tag: "ok" | "err"; readonly val: unknown };
    if (tag === "ok") return val;
    throw new WitError(val, `${name} failed${val === undefined ? "" : `: ${show(val)}`}`);
  }
}

/** A handler of 0.2 as it is called by its core, in turn with others. */
import type { CoreValue } from "../../abi/type.ts";
import type { CoreFunction } from "../../wait/gate.ts";
import type { Calls, LiftedItem } from "../calls.ts";
import { LiftedValues } from "../embed/lifted.ts";

/** A function that takes two resources and gives nothing: `enter`, a call of its core, then `left` or `failed`. */
export class Inside {
  readonly core: CoreFunction;
  readonly #calls: Calls;
  readonly #lifted: LiftedValues;

  private constructor(calls: Calls, lifted: LiftedValues) {
    this.core = lifted.core;
    this.#calls = calls;
    this.#lifted = lifted;
  }

  /** `undefined` where to call its core is not all: the guest may wait in a component of another instance, or blocks its thread. */
  static of(calls: Calls, name: string, func: LiftedItem): Inside | undefined {
    const { params, result } = func.type;
    const isOfOwns = params.length === 2 && params.every(({ type }) => type.kind === "own") && !result;
    if (!isOfOwns || calls.isSync || calls.waitsElsewhere || calls.life.task.blocksThread) return undefined;
    return new Inside(calls, new LiftedValues(name, func, calls.linked, calls.life.task));
  }

  /** @throws What is wrong with the arguments, or the instance: nobody is inside then. */
  enter(args: readonly unknown[]): CoreValue[] {
    const calls = this.#calls;
    calls.life.task.assertAlive();
    calls.enter();
    try {
      return this.#lifted.lower(args);
    } catch (error) {
      calls.left();
      throw error;
    }
  }

  /** It has returned. @throws What the guest has left that it must not: it has failed then. */
  left(): void {
    this.#calls.life.task.assertAlive();
    this.#lifted.lift(undefined);
    this.#calls.left();
  }

  /** The guest is over. Rejects with what its caller is to be told. */
  failed(error: unknown): Promise<never> {
    this.#lifted.endScope();
    return this.#calls.fail(error);
  }
}

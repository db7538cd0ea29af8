/** Functions of the host's as the asynchronous ABI calls them: they may be under way, and given up. */
import { messageOf } from "../io/cause.ts";
import { Failed } from "../abi/returns.ts";
import type { Readiness } from "../io/readiness.ts";
import { settled } from "../io/later.ts";
import { isThenable } from "../io/shape.ts";
import type { Steps } from "../io/steps.ts";
import type { Callee, OnResolve } from "../wait/callee.ts";
import type { Definition } from "./definition.ts";
import type { Instance } from "./instance.ts";
import { ending } from "./lower.ts";

/** @param fail Told of what ends the guest, where nobody calls it. */
export function hostCallee(
  instance: Instance,
  name: string,
  definition: Definition,
  fail: (error: unknown) => void,
): Callee {
  const { params, returns } = definition;
  return {
    params,
    returns,
    start(onStart, onResolve) {
      const call = new HostCall(instance, name, definition, onResolve);
      const giveUp = call.begin(onStart(), fail);
      return { cancel: () => giveUp?.() };
    },
  };
}

class HostCall {
  readonly #instance: Instance;
  readonly #name: string;
  readonly #definition: Definition;
  readonly #onResolve: OnResolve;
  /** For a trace. */
  #values: readonly unknown[] = [];
  #isOver = false;

  constructor(instance: Instance, name: string, definition: Definition, onResolve: OnResolve) {
    this.#instance = instance;
    this.#name = name;
    this.#definition = definition;
    this.#onResolve = onResolve;
  }

  /** Gives what gives it up, if it is under way. */
  begin(values: readonly unknown[], fail: (error: unknown) => void): (() => void) | undefined {
    const { task, tracing } = this.#instance;
    this.#values = values;
    let steps: Steps<unknown>;
    let first: Readiness;
    try {
      const value = this.#definition.run(this.#instance, values);
      const begun = this.#stepsOf(value);
      if (!begun) {
        this.#deliver(value);
        return undefined;
      }
      const step = begun.next();
      if (step.done === true) {
        this.#deliver(step.value);
        return undefined;
      }
      steps = begun;
      first = step.value;
      // The guest's bytes may be others when the call is over.
      if (tracing) this.#values = values.map((one) => (one instanceof Uint8Array ? one.slice() : one));
    } catch (error) {
      this.#fail(error);
      return undefined;
    }
    const later = (end: () => void): void => {
      if (this.#isOver) return;
      try {
        end();
      } catch (error) {
        fail(error);
      }
    };
    const giveUp = task.begin(
      steps,
      first,
      {
        deliver: (_, value) => later(() => this.#deliver(value)),
        deliverError: (_, error) => {
          // The instance is over: nobody is to be told.
          if (!task.isEnded) later(() => this.#fail(error));
        },
      },
      undefined,
    );
    return () => {
      if (this.#isOver) return;
      this.#isOver = true;
      giveUp(new Error("the call is given up"));
      this.#instance.tracing?.tell(this.#name, this.#values, "given up");
      this.#onResolve(undefined);
    };
  }

  #stepsOf(value: unknown): Steps<unknown> | undefined {
    const { waits } = this.#definition;
    // `waits` says that these are steps.
    if (waits === "steps") return value as Steps<unknown>;
    return waits === "promise" && isThenable(value) ? settled(Promise.resolve(value)) : undefined;
  }

  #deliver(value: unknown): void {
    const { tracing } = this.#instance;
    tracing?.tell(this.#name, this.#values, `= ${tracing.show(value)}`);
    this.#finish(value);
  }

  #finish(value: unknown): void {
    this.#isOver = true;
    try {
      this.#onResolve({ value });
    } catch (error) {
      throw ending(this.#name, error);
    }
  }

  #fail(error: unknown): void {
    const { tracing } = this.#instance;
    let value;
    try {
      value = this.#definition.returns.caught(error, this.#instance.resources);
    } catch {
      tracing?.tell(this.#name, this.#values, `! ${messageOf(error)}`);
      throw this.#definition.waits === "promise" ? error : ending(this.#name, error);
    }
    tracing?.tell(this.#name, this.#values, `! ${tracing.show(value instanceof Failed ? value.value : value)}`);
    this.#finish(value);
  }
}

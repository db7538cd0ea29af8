/** From a definition to the core function that a guest is given. */
import { messageOf } from "../io/cause.ts";
import type { Guest } from "../abi/guest.ts";
import { liftArguments, type CoreValue } from "../abi/type.ts";
import { length } from "../abi/scalars.ts";
import { Failed } from "../abi/returns.ts";
import { MAX_FLAT_PARAMS } from "../abi/types.ts";
import { settled } from "../io/later.ts";
import { isThenable } from "../io/shape.ts";
import type { Steps } from "../io/steps.ts";
import { InternalError } from "../io/trap.ts";
import { WAIT, type GateType, type Ungated } from "../wait/gate.ts";
import type { Lease } from "../wait/lease.ts";
import type { Ends } from "../wait/drive.ts";
import type { Task } from "../wait/task.ts";
import type { Definition } from "./definition.ts";
import type { Instance } from "./instance.ts";

/** A core function where it is called: by which guest, of which instance. */
export interface Site extends Ends<readonly unknown[], unknown, CoreValue | undefined> {
  readonly instance: Instance;
  readonly task: Task;
  readonly guest: Guest;
  /** What may answer for a stream; of the component instance that calls. */
  readonly lease: Lease | undefined;
  /** The general way, as a core function, made when it is first asked for. Returns `WAIT` if the guest has to wait. */
  readonly attempt: (...args: CoreValue[]) => CoreValue;
  /** Runs `steps`, which have not begun, and has the guest wait only if they do. Returns what the core function returns. */
  suspend(steps: Steps<unknown>, args: readonly CoreValue[]): CoreValue;
  // Of `args` the last counts, for both ends: where the result is stored, if it is.
}

/**
 * @param name As in WIT, such as `wasi:io/streams#[method]output-stream.check-write`.
 * @returns Not yet gated.
 */
export function lower(
  instance: Instance,
  name: string,
  definition: Definition,
  guest: Guest,
  lease: Lease | undefined,
): Ungated {
  const lowering = new Lowering(instance, name, definition, { guest, lease });
  const { params, result, boxed } = lowering.form;
  // With a trace every call takes the one way that tells of it.
  const fast = instance.tracing ? undefined : definition.fast?.(lowering);
  return {
    params,
    result,
    boxed,
    attempt: fast ?? lowering.attempt,
    front: fast && lease ? definition.front : undefined,
  };
}

/** The general way may do anything, system calls too: a guest is asked more often how long it has kept the event loop. */
export const GENERAL_COST = 16;

/** What a core function for a definition looks like: the same in every instance. */
interface Form {
  readonly params: readonly GateType[];
  readonly result: Ungated["result"];
  /** See `Ungated`. */
  readonly boxed: boolean;
  /** Whether parameters are behind a pointer, and the result is put where one says. */
  readonly spilled: boolean;
  readonly stores: boolean;
  /** What says that the guest has to wait. */
  readonly wait: CoreValue;
}

const forms = new WeakMap<Definition, Form>();

function formOf(definition: Definition): Form {
  let form = forms.get(definition);
  if (!form) {
    const { params, returns } = definition;
    const flat = flatParams(params);
    const stores = returns.flat === undefined || returns.flat.length > 1;
    const result = stores ? undefined : returns.flat?.[0];
    const boxed = result !== undefined && definition.boxed;
    form = {
      params: [...(flat ?? (["i32"] as const)), ...(stores ? (["i32"] as const) : [])],
      result,
      boxed,
      spilled: flat === undefined,
      stores,
      wait: result === "i64" && !boxed ? -1n : WAIT,
    };
    forms.set(definition, form);
  }
  return form;
}

const NO_VALUES: readonly unknown[] = [];

/**
 * What a core function for a definition does: parameters from the guest's memory, and the result back into it. There is one
 * for each function that each instance imports, most of which are never called: it has little of its own.
 */
class Lowering implements Site {
  readonly form: Form;
  readonly instance: Instance;
  readonly guest: Guest;
  readonly lease: Lease | undefined;
  readonly #name: string;
  readonly #definition: Definition;
  #general: Site["attempt"] | undefined;
  #flat: CoreValue[] | undefined;
  #values = NO_VALUES;

  constructor(
    instance: Instance,
    name: string,
    definition: Definition,
    { guest, lease }: Pick<Site, "guest" | "lease">,
  ) {
    this.form = formOf(definition);
    this.instance = instance;
    this.guest = guest;
    this.lease = lease;
    this.#name = name;
    this.#definition = definition;
  }

  get task(): Task {
    return this.instance.task;
  }

  get attempt(): Site["attempt"] {
    return (this.#general ??= (...args) => this.#attempt(args));
  }

  suspend(steps: Steps<unknown>, args: readonly CoreValue[]): CoreValue {
    let step;
    try {
      step = steps.next();
    } catch (error) {
      return this.#direct(this.deliverError(args, error));
    }
    if (step.done === true) return this.#direct(this.deliver(args, step.value));
    this.task.pend(steps, step.value, this, args, this.form.boxed);
    return this.form.wait;
  }

  #attempt(args: readonly CoreValue[]): CoreValue {
    if (this.task.mustGiveWay(GENERAL_COST)) {
      this.task.pendRetry(this.attempt, args);
      return this.form.wait;
    }
    this.task.assertAlive();
    this.guest.resources.settle();
    let value;
    try {
      this.#values = this.#lift(args);
      this.task.countBytes(this.guest.valuesTaken);
      value = this.#definition.run(this.instance, this.#values);
    } catch (error) {
      return this.#direct(this.deliverError(args, error));
    }
    const steps = this.#stepsOf(value);
    return steps ? this.suspend(steps, args) : this.#direct(this.deliver(args, value));
  }

  #stepsOf(value: unknown): Steps<unknown> | undefined {
    const { waits } = this.#definition;
    // `waits` says that these are steps.
    if (waits === "steps") return value as Steps<unknown>;
    if (waits === "promise" && isThenable(value)) return settled(Promise.resolve(value));
    return undefined;
  }

  #direct(result: CoreValue | undefined): CoreValue {
    if (!this.form.boxed) return result ?? 0;
    this.task.boxed = result;
    return 0;
  }

  #lift(args: readonly unknown[]): unknown[] {
    return liftArguments(this.#definition.params, this.guest, args, this.form.spilled);
  }

  /** Delivers a value. Gives the core result, if there is one. */
  deliver(args: readonly unknown[], value: unknown): CoreValue | undefined {
    const { tracing } = this.instance;
    if (this.#definition.idle?.(value) === true) this.task.idle();
    tracing?.tell(this.#name, this.#values, `= ${tracing.show(value)}`);
    return this.#put(args, value);
  }

  /** Delivers an error; rethrows it if the guest cannot be told. */
  deliverError(args: readonly unknown[], error: unknown): CoreValue | undefined {
    const { tracing } = this.instance;
    let value;
    try {
      value = this.#definition.returns.caught(error, this.guest.resources);
    } catch {
      tracing?.tell(this.#name, this.#values, `! ${messageOf(error)}`);
      this.guest.giveBack();
      throw this.#ending(error);
    }
    // What the guest is told: the host's own words may have what is none of its business, such as a path of ours.
    tracing?.tell(this.#name, this.#values, `! ${tracing.show(value instanceof Failed ? value.value : value)}`);
    return this.#put(args, value);
  }

  #put(args: readonly unknown[], value: unknown): CoreValue | undefined {
    const { returns } = this.#definition;
    const guest = this.guest;
    guest.giveBack();
    try {
      if (this.form.stores) {
        returns.store(guest, guest.place(Number(args[args.length - 1]), returns.size, returns.align), value);
        return undefined;
      }
      // Of at most one value: what is taken away leaves its place, which the next one finds.
      const flat = (this.#flat ??= []);
      returns.lower(guest, value, flat);
      return flat.pop();
    } catch (error) {
      throw this.#ending(error);
    }
  }

  #ending(error: unknown): unknown {
    // What an embedder's own function throws is for the embedder.
    if (this.#definition.waits !== "promise") return ending(this.#name, error);
    return error instanceof TypeError ? new TypeError(`${this.#name}: ${error.message}`, { cause: error }) : error;
  }
}

function flatParams(params: Definition["params"]): GateType[] | undefined {
  const flat: GateType[] = [];
  for (const type of params) {
    if (!type.flat) return undefined;
    flat.push(...((type as unknown) === length ? (["length"] as const) : type.flat));
  }
  return flat.length > MAX_FLAT_PARAMS ? undefined : flat;
}

/** What to throw at a guest that cannot be told of `error`: its instance is over, and is not entered again. */
export function ending(name: string, error: unknown): unknown {
  return error instanceof WebAssembly.RuntimeError ? error : new InternalError(name, error);
}

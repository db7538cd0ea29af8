import { WitError } from "../io/errors.ts";
import type { Readiness } from "../io/readiness.ts";
import type { Steps } from "../io/steps.ts";
import { RuntimeError, Trap } from "../io/trap.ts";
import { FlatValues, length, type Returns, type Type, type InOf } from "./abi.ts";
import { gate, WAIT, type CoreFunction, type Front, type GateType } from "./gate.ts";
import { Guest } from "./guest.ts";
import type { Instance } from "./instance.ts";
import { DISPOSE, LOWER, REP, type JcoLowerOptions } from "./jco.ts";
import type { Kind } from "./resources.ts";
import { show } from "./show.ts";
import type { Ends } from "./task.ts";

/** More parameters than this lie behind one pointer. */
const MAX_FLAT_PARAMS = 16;

/** One function of a WIT interface: its type, and what it does. */
export interface Definition {
  /** As in WIT, such as `wasi:io/streams#[method]output-stream.check-write`. */
  readonly name: string;
  readonly params: readonly Type<unknown, never>[];
  readonly returns: Returns<unknown>;
  /** Runs it: a value, or steps if `blocks`. */
  readonly run: (values: readonly unknown[]) => unknown;
  readonly blocks: boolean;
  /** For a function that never waits: whether its answer says "not now", so that a guest that spins gives way. */
  readonly idle: ((value: unknown) => boolean) | undefined;
  readonly fast: Fast | undefined;
  /** What WebAssembly answers, before the fast way. */
  readonly front: MakeFront | undefined;
}

/**
 * Makes a shorter way to the same result: nothing between the guest and the stream but a lookup and a few stores. Of a
 * gated function it must begin with `task.mustGiveWay()`, and may end in `attempt`, the general way.
 */
export type Fast = (guest: Guest, attempt: Attempt, suspend: Suspend) => CoreFunction;

/** What WebAssembly answers of a function that is lowered with these options: nothing if it cannot. */
export type MakeFront = (options: JcoLowerOptions) => Front | undefined;

/** Makes the guest wait for `steps`, which have not begun. Returns what the core function then returns. */
export type Suspend = (steps: Steps<unknown>) => number | bigint;

/** The general way, as a core function. Returns `WAIT` if the guest has to wait. */
export type Attempt = (...args: (number | bigint)[]) => number | bigint;

type Params = readonly Type<unknown, never>[];
type Values<P extends Params> = { [K in keyof P]: InOf<P[K]> };

/** A function that never waits. */
export function call<const P extends Params, Out>(
  name: string,
  params: P,
  returned: Returns<Out>,
  run: (...values: Values<P>) => Out,
  more: { readonly idle?: (value: Out) => boolean; readonly fast?: Fast; readonly front?: MakeFront | undefined } = {},
): Definition {
  return untyped(name, params, returned, run, { ...more, blocks: false });
}

/** A function that may wait. */
export function blocking<const P extends Params, Out>(
  name: string,
  params: P,
  returned: Returns<Out>,
  run: (...values: Values<P>) => Steps<Out>,
  more: { readonly fast?: Fast; readonly front?: MakeFront | undefined } = {},
): Definition {
  return untyped(name, params, returned, run, { ...more, blocks: true });
}

function untyped<P extends Params, Out>(
  name: string,
  params: P,
  returned: Returns<Out>,
  run: (...values: Values<P>) => unknown,
  more: { blocks: boolean; idle?: (value: Out) => boolean; fast?: Fast; front?: MakeFront | undefined },
): Definition {
  // The signatures of `call` and `blocking` tie the values of `params` to `run`, and its result to `returned`; from
  // here on they are only handed from one to the other.
  return {
    name,
    params: params as readonly unknown[] as Definition["params"],
    returns: returned as Returns<unknown>,
    run: (values) => run(...(values as Values<P>)),
    blocks: more.blocks,
    idle: more.idle as Definition["idle"],
    fast: more.fast,
    front: more.front,
  };
}

/** A function as glue wants it: callable with JavaScript values, and able to lower itself. */
export type BoundFunction = ((this: unknown, ...args: unknown[]) => unknown) & {
  [LOWER]: (options: JcoLowerOptions) => CoreFunction;
};

/** @param isMethod Whether `this` is the first parameter. */
export function bind(instance: Instance, definition: Definition, isMethod: boolean): BoundFunction {
  function bound(this: unknown, ...args: unknown[]): unknown {
    return callFromJs(instance, definition, isMethod ? [this, ...args] : args);
  }
  return Object.assign(bound, {
    [LOWER](options: JcoLowerOptions) {
      instance.lowers = true;
      return lower(instance, definition, options);
    },
  });
}

/**
 * Functions by name, each made when glue asks for it: a guest imports few of the functions of an interface, and many
 * guests of one component that wait at the same time hold all that is made (`npm run bench memory`).
 */
export type Definitions = Readonly<Record<string, () => Definition>>;

/** The functions of an interface that has no methods among them. */
export function functions(instance: Instance, definitions: Definitions): Record<string, unknown> {
  return bindLazily(instance, definitions, false);
}

function bindLazily(instance: Instance, definitions: Definitions, areMethods: boolean): Record<string, unknown> {
  const bound = new Map<string, BoundFunction>();
  return new Proxy<Record<string, unknown>>(definitions, {
    get(target, name) {
      const define = typeof name === "string" && Object.hasOwn(definitions, name) ? definitions[name] : undefined;
      if (define === undefined || typeof name !== "string") return Reflect.get(target, name);
      let made = bound.get(name);
      if (!made) bound.set(name, (made = bind(instance, define(), areMethods)));
      return made;
    },
  });
}

/** A class whose instances stand for resources of `kind` in glue that converts to JavaScript. */
export function resourceClass(instance: Instance, kind: Kind<unknown>, methods: Definitions): new () => object {
  const drop = (rep: number): void => {
    instance.trace?.(`[resource-drop]${kind.name}`, [rep], "");
    instance.resources.drop(rep);
  };
  class Resource {
    static [DISPOSE](rep: number): void {
      drop(rep);
    }

    [Symbol.dispose](this: { [REP]?: number }): void {
      if (this[REP] !== undefined) drop(this[REP]);
    }
  }
  Object.setPrototypeOf(Resource.prototype, bindLazily(instance, methods, true));
  instance.represent(kind, Resource.prototype);
  return Resource;
}

/** Glue has converted the parameters, and will convert the result. It cannot suspend its guest. */
function callFromJs(instance: Instance, definition: Definition, args: unknown[]): unknown {
  const { name, params, returns, run, blocks } = definition;
  try {
    const values = params.map((type, index) => (type.fromJs ? type.fromJs(args[index], instance) : args[index]));
    const out = run(values);
    // `blocks` says that these are steps.
    return returns.toJs(blocks ? park(instance, name, out as Steps<unknown>) : out, instance);
  } catch (error) {
    throw returns.errorToJs(error, instance);
  }
}

function park(instance: Instance, name: string, steps: Steps<unknown>): unknown {
  for (;;) {
    const step = steps.next();
    if (step.done === true) return step.value;
    if (!instance.park) {
      throw new Trap(
        "4.3",
        `${name}: the guest has to wait here, and glue with "js" bindings cannot: transpile the component with ` +
          'importBindings "hybrid" and asyncMode "jspi"',
      );
    }
    instance.park(step.value);
  }
}

/** Steps that a guest has to wait for; they have begun if they say what they wait for first. */
interface Pending {
  readonly steps: Steps<unknown>;
  readonly first: Readiness | undefined;
}

/** The core function for a definition: parameters from the guest's memory, and the result back into it. */
function lower(instance: Instance, definition: Definition, options: JcoLowerOptions): CoreFunction {
  const { params, returns, blocks, idle, name } = definition;
  const { task, trace } = instance;
  const guest = new Guest(instance.tables.parts(options), instance.resources, instance.kinds);
  const flat = params.flatMap((type): readonly GateType[] => (type === length ? ["length"] : type.flat));
  const spilled = flat.length > MAX_FLAT_PARAMS;
  const stores = returns.flat.length > 1;
  const coreParams: GateType[] = [...(spilled ? (["i32"] as const) : flat), ...(stores ? (["i32"] as const) : [])];
  let values: readonly unknown[] = [];
  let pending: Pending | undefined;

  function lift(args: readonly unknown[]): unknown[] {
    if (!spilled) {
      const flatValues = new FlatValues(args);
      return params.map((type) => type.lift(guest, flatValues));
    }
    let at = guest.place(Number(args[0]), 0, 1);
    return params.map((type) => {
      at = (at + type.align - 1) & ~(type.align - 1);
      const value = type.load(guest, guest.place(at, type.size, type.align));
      at += type.size;
      return value;
    });
  }

  /** Delivers a value. Gives the core result, if there is one. */
  function deliver(args: readonly unknown[], value: unknown): number | bigint {
    if (idle?.(value) === true) task.idle();
    trace?.(name, values, `= ${show(value)}`);
    if (!stores) return returns.flat.length === 1 ? returns.lower(guest, value) : 0;
    returns.store(guest, guest.place(Number(args.at(-1)), returns.size, returns.align), value);
    return 0;
  }

  /** Delivers an error; rethrows it if the guest cannot be told. */
  function deliverError(args: readonly unknown[], error: unknown): number {
    trace?.(name, values, `! ${error instanceof Error ? error.message : String(error)}`);
    if (!stores || !(error instanceof WitError)) throw ending(name, error);
    returns.storeError(guest, guest.place(Number(args.at(-1)), returns.size, returns.align), error);
    return 0;
  }

  function attempt(...args: (number | bigint)[]): number | bigint {
    task.assertAlive();
    instance.lease?.close();
    let value;
    try {
      values = lift(args);
      value = definition.run(values);
      if (blocks) {
        // `blocks` says that these are steps.
        const steps = value as Steps<unknown>;
        const step = steps.next();
        if (step.done !== true) {
          pending = { steps, first: step.value };
          return WAIT;
        }
        value = step.value;
      }
    } catch (error) {
      return deliverError(args, error);
    }
    return deliver(args, value);
  }

  function takePending(): Pending | undefined {
    const taken = pending;
    pending = undefined;
    return taken;
  }

  /** Nothing is pending if the guest only has to give way. */
  function wait(...args: (number | bigint)[]): Promise<number | bigint> {
    const waiting = takePending();
    return waiting ? driveOn(args, waiting) : giveWay(args);
  }

  async function giveWay(args: (number | bigint)[]): Promise<number | bigint> {
    await task.giveWay();
    const result = attempt(...args);
    const waiting = takePending();
    return waiting ? driveOn(args, waiting) : result;
  }

  function driveOn(args: readonly unknown[], { steps, first }: Pending): Promise<number | bigint> {
    return task.drive(steps, first, ends, args);
  }

  const ends: Ends<readonly unknown[], unknown, number | bigint> = { deliver, deliverError };

  // With a trace every call takes the one way that tells of it.
  const fast = trace
    ? undefined
    : definition.fast?.(guest, attempt, (steps) => {
        pending = { steps, first: undefined };
        return WAIT;
      });
  const front = fast && definition.front?.(options);
  const returnsValue = returns.flat.length === 1;
  if (!blocks && !idle) {
    const entered = fast ?? attempt;
    return front ? gate(coreParams, returnsValue, entered, undefined, front) : entered;
  }
  const gated = fast ?? ((...args: (number | bigint)[]) => (task.mustGiveWay() ? WAIT : attempt(...args)));
  return gate(coreParams, returnsValue, gated, wait, front);
}

/** What to throw at a guest that cannot be told of `error`: its instance is over, and is not entered again. */
export function ending(name: string, error: unknown): unknown {
  return error instanceof WebAssembly.RuntimeError ? error : new InternalError(name, error);
}

/**
 * Something failed that is neither the guest's doing nor a failure of its streams: a fault of this host, or of what an
 * embedder gave it, or the end that was put to the instance from outside. `cause` has it.
 */
export class InternalError extends RuntimeError {
  override readonly name: string = "InternalError";

  constructor(name: string, cause: unknown) {
    super(`${name}: ${cause instanceof Error ? cause.message : String(cause)}`, { cause });
  }
}

/** The functions of WIT interfaces as data: one table for each interface, by WIT's names, the same for every instance. */
import type { Steps } from "../io/steps.ts";
import type { Kind } from "../abi/resources.ts";
import type { Returns } from "../abi/returns.ts";
import type { AnyType, InOf } from "../abi/type.ts";
import type { CoreFunction } from "../wait/gate.ts";
import type { FrontName } from "../wait/lease-state.ts";
import type { Instance } from "./instance.ts";
import type { Site } from "./lower.ts";

/** One function of a WIT interface: its type, and what it does. */
export interface Definition {
  readonly params: readonly AnyType[];
  readonly returns: Returns<unknown>;
  /** Runs it: a value, steps if `waits` is "steps", or what may be a promise if it is "promise". */
  readonly run: (instance: Instance, values: readonly unknown[]) => unknown;
  readonly waits: "never" | "steps" | "promise";
  /** Whether its result may be what `WAIT` is, or of a type that has no `WAIT`: see `Ungated.boxed`. */
  readonly boxed: boolean;
  /** For a function that never waits: whether its answer says "not now", so that a guest that spins gives way. */
  readonly idle: ((value: unknown) => boolean) | undefined;
  readonly fast: Fast | undefined;
  /** What WebAssembly answers, before the fast way. */
  readonly front: FrontName | undefined;
}

/**
 * Makes a shorter way to the same result: nothing between the guest and the stream but a lookup and a few stores. It must
 * begin with `task.mustGiveWay()`, and may end in `site.attempt`, the general way.
 */
export type Fast = (site: Site) => CoreFunction;

type Params = readonly AnyType[];
type Values<P extends Params> = { [K in keyof P]: InOf<P[K]> };

interface CallExtras<Out> {
  readonly idle?: (value: Out) => boolean;
  readonly fast?: Fast;
  readonly front?: FrontName;
  readonly boxed?: boolean;
}

/** A function that never waits. */
export function call<const P extends Params, Out>(
  params: P,
  returned: Returns<Out>,
  run: (instance: Instance, ...values: Values<P>) => Out,
  extras: CallExtras<Out> = {},
): Definition {
  return untyped(params, returned, run, "never", extras);
}

/** A function that may wait. */
export function blocking<const P extends Params, Out>(
  params: P,
  returned: Returns<Out>,
  run: (instance: Instance, ...values: Values<P>) => Steps<Out>,
  extras: Omit<CallExtras<Out>, "idle"> = {},
): Definition {
  return untyped(params, returned, run, "steps", extras);
}

function untyped<P extends Params, Out>(
  params: P,
  returned: Returns<Out>,
  run: (instance: Instance, ...values: Values<P>) => unknown,
  waits: Definition["waits"],
  extras: CallExtras<Out>,
): Definition {
  // The signatures of `call` and `blocking` tie the values of `params` to `run`, and its result to `returned`; from
  // here on they are only handed from one to the other.
  return {
    params: params as readonly unknown[] as Definition["params"],
    returns: returned as Returns<unknown>,
    run: runOf(params.length, run as Run),
    waits,
    boxed: extras.boxed === true,
    idle: extras.idle as Definition["idle"],
    fast: extras.fast,
    front: extras.front,
  };
}

type Run = (instance: Instance, ...values: readonly unknown[]) => unknown;

/** Few parameters are written out: a call of so many as there are takes longer than what most functions do. */
function runOf(params: number, run: Run): Definition["run"] {
  if (params === 0) return (instance) => run(instance);
  if (params === 1) return (instance, values) => run(instance, values[0]);
  if (params === 2) return (instance, values) => run(instance, values[0], values[1]);
  return (instance, values) => run(instance, ...values);
}

/** An interface that the host implements. */
export interface Interface {
  /** Without a version, such as `wasi:io/streams`. */
  readonly name: string;
  /** Its resource types, by WIT's names. */
  readonly resources: Readonly<Record<string, Kind<unknown>>>;
  /** By WIT's names, such as `[method]output-stream.check-write`. */
  readonly functions: Readonly<Record<string, Definition>>;
}

/**
 * @param functions Makes the table when somebody asks for it: most components import few interfaces, and a command that
 * runs for milliseconds should not pay for the others.
 */
export function defineInterface(
  name: string,
  functions: () => Interface["functions"],
  resources: readonly Kind<unknown>[] = [],
): Interface {
  let made: Interface["functions"] | undefined;
  return {
    name,
    get functions() {
      return (made ??= functions());
    },
    resources: Object.fromEntries(resources.map((kind) => [kind.name, kind])),
  };
}

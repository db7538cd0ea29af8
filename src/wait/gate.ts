/**
 * The gate between a guest and the host: WebAssembly, since no JavaScript may stand between a guest and its suspension.
 *
 * A suspending import always suspends, even for a result that is there. So a call is attempted first, and only if the
 * attempt says `WAIT` does the gate go on to the import that suspends, and then asks what has come of the call, which may be
 * `WAIT` again. All functions that one component is given at one
 * time have one module, since a module of their own each would cost more than all else of an instance.
 */
import type { CoreType } from "../abi/encode.ts";
import { hasExceptions } from "./engine.ts";
import { FRONT_NEEDS, type FrontName } from "./lease-state.ts";
import { moduleOf } from "./module.ts";

/**
 * What a gated function takes: a "length" is an i64 for the guest and a number for the host (2 ** 53 and more are not
 * exact), since the bigint that it would else become costs as much as the rest of a short read (`npm run bench calls`).
 */
export type GateType = CoreType | "length";

/** A core function as the host writes it: numbers, and bigint for i64. */
export type CoreFunction = (...args: never[]) => unknown;

/** What an attempt returns when the guest has to wait: -1 or, where the result is an i64, -1n. */
export const WAIT = -1;

/** A function before it is gated. */
export interface Ungated {
  readonly params: readonly GateType[];
  readonly result: CoreType | undefined;
  /**
   * Does it: gives its result, or `WAIT`. A function whose result may be what `WAIT` is has it `boxed`: it gives 0, and
   * the result when it is asked for it.
   */
  readonly attempt: CoreFunction;
  readonly boxed: boolean;
  /** What WebAssembly may answer before JavaScript hears of it. */
  readonly front: FrontName | undefined;
  /** In a component with threads: whether nobody else of it may run while this call waits. */
  readonly holds?: boolean | undefined;
}

/** Told of the threads of a component that has several. */
export interface GateThreads {
  /** The thread that runs is about to be suspended. Gives what it is known by until then. */
  readonly suspended: (holds: number) => number;
  /** It goes on. */
  readonly resumed: (thread: number) => void;
}

/** A `WebAssembly.Table` of one function, for an allocator that is not there yet: it is put there before anybody allocates. */
export interface AllocatorTable {
  set(index: 0, allocator: CoreFunction): void;
}

/** How a guest waits. */
export interface GateTask {
  /** An import that suspends the guest for what the last attempt waits for; gives a ticket (i32) when it goes on. */
  readonly wait: object;
  /** Goes on with the call that has this ticket: does what an attempt does. */
  readonly resume: (ticket: number) => unknown;
  /** As `resume`, where an attempt gives i64. */
  readonly resumeLong: (ticket: number) => bigint;
  /** The result of the last attempt whose result is boxed. */
  readonly unbox: () => unknown;
}

/** What the functions of one module share. */
export interface GateContext {
  readonly task: GateTask;
  /** The guest's memory and allocator, for fronts, and for those who allocate. */
  readonly memory: object | undefined;
  readonly realloc: CoreFunction | AllocatorTable | undefined;
  /** What leases stand on; missing if there is none. */
  readonly staging: { readonly memory: object; readonly number: number } | undefined;
  /** An i32: whether the guest may call anybody. */
  readonly mayLeave: object;
  /** Called if it may not: throws. */
  readonly refuse: () => never;
  /** Missing where a component has one thread. */
  readonly threads?: GateThreads | undefined;
  /** Told that a call has failed: a guest that catches what it throws, as those with exceptions can, is over too. */
  readonly failed: () => void;
}

/** What is made of `Ungated` functions, for one instance. */
export interface Gated {
  readonly functions: readonly CoreFunction[];
  /** The guest's allocator, during which it may call nobody. */
  readonly realloc: CoreFunction | undefined;
}

/** Gives the bytes of a module: see gate-code.ts. */
export type EncodeGates = (shape: GateShape) => Uint8Array;

/** Modules that are made for functions of the same form are the same: `Gates` of one component share one. */
export class GateModules {
  readonly #encode: EncodeGates | undefined;
  readonly #made: Gates[] = [];

  /** @param encode Missing for a component whose modules were made before. */
  constructor(encode?: EncodeGates) {
    this.#encode = encode;
  }

  /** Gates in front of `functions`. */
  gate(functions: readonly Ungated[], context: GateContext): Gated {
    let gates = this.#made.find((made) => made.fit(functions, context));
    if (!gates) this.#made.push((gates = new Gates(functions, context, this.#encode)));
    return gates.gate(functions, context);
  }
}

/** One module. */
class Gates {
  readonly #forms: readonly Omit<Ungated, "attempt">[];
  readonly #shape: GateShape;
  readonly #module: object;
  readonly #names: readonly string[];
  readonly #memory: boolean;
  readonly #staging: boolean;

  constructor(functions: readonly Ungated[], context: GateContext, encode: EncodeGates | undefined) {
    // Without the functions, which are those of one instance.
    this.#forms = functions.map(({ params, result, boxed, front, holds }) => ({ params, result, boxed, front, holds }));
    this.#memory = context.memory !== undefined;
    this.#staging = context.staging !== undefined;
    this.#shape = shapeOf(this.#forms, context);
    const shape = this.#shape;
    this.#module = moduleOf(`gates ${JSON.stringify(shape)}`, encode && (() => encode(shape)));
    this.#names = functions.map((_, index) => `f${index}`);
  }

  /** Whether they would make the same module again. */
  fit(functions: readonly Ungated[], { memory, realloc, staging, threads }: GateContext): boolean {
    return (
      functions.length === this.#forms.length &&
      (memory !== undefined) === this.#memory &&
      formOfRealloc(realloc) === this.#shape.realloc &&
      (staging !== undefined) === this.#staging &&
      (threads !== undefined) === this.#shape.threads &&
      this.#forms.every((form, index) => isSameForm(form, functions[index]))
    );
  }

  gate(functions: readonly Ungated[], context: GateContext): Gated {
    const { exports } = new WebAssembly.Instance(this.#module, importsOf(functions, this.#shape, context));
    // The module exports exactly these.
    return {
      functions: this.#names.map((name) => exports[name] as CoreFunction),
      realloc: this.#shape.realloc === "none" ? undefined : (exports["realloc"] as CoreFunction),
    };
  }
}

function isSameForm(a: Omit<Ungated, "attempt">, b: Ungated | undefined): boolean {
  if (!b || a.result !== b.result || a.boxed !== b.boxed || a.front !== b.front || a.holds !== b.holds) return false;
  // Mostly those of the same definition.
  if (a.params === b.params) return true;
  return a.params.length === b.params.length && a.params.every((type, index) => type === b.params[index]);
}

/** All that the code of a module depends on. */
export interface GateShape {
  readonly functions: readonly Omit<Ungated, "attempt">[];
  readonly boxes: readonly CoreType[];
  readonly realloc: "none" | "given" | "late";
  readonly memory: boolean;
  readonly staging: boolean;
  readonly threads: boolean;
  readonly catches: boolean;
}

function shapeOf(
  functions: readonly Omit<Ungated, "attempt">[],
  { memory, realloc, staging, threads }: GateContext,
): GateShape {
  const forms = functions.map((form) => {
    const { front } = form;
    const needs = front && FRONT_NEEDS[front];
    const fits = needs && staging && (!needs.memory || memory) && (!needs.realloc || realloc);
    return { ...form, front: fits ? front : undefined };
  });
  const fronts = forms.some(({ front }) => front !== undefined);
  return {
    functions: forms,
    boxes: [...new Set(forms.flatMap(({ result, boxed }) => (boxed && result ? [result] : [])))],
    realloc: formOfRealloc(realloc),
    memory: fronts && memory !== undefined,
    staging: fronts,
    threads: threads !== undefined,
    catches: hasExceptions(),
  };
}

function formOfRealloc(realloc: GateContext["realloc"]): GateShape["realloc"] {
  if (!realloc) return "none";
  return typeof realloc === "function" ? "given" : "late";
}

function importsOf(functions: readonly Ungated[], shape: GateShape, context: GateContext) {
  const { memory, realloc, staging, mayLeave, refuse, failed, task, threads } = context;
  return {
    // An array is an object of what has these numbers.
    attempt: functions.map(({ attempt }) => attempt),
    unbox: Object.fromEntries(shape.boxes.map((type) => [type, task.unbox])),
    thread: threads ?? {},
    task,
    gate: { refuse, failed, memory, realloc, staging: staging?.memory, number: staging?.number, "may-leave": mayLeave },
  };
}

/**
 * The gate between a guest and the host: WebAssembly, since no JavaScript may stand between a guest and its suspension.
 *
 * A suspending import always suspends, even for a result that is there. So a call is attempted first, and only if the
 * attempt says `WAIT` does the gate go on to the import that suspends. All functions that one component is given at one
 * time have one module, since a module of their own each would cost more than all else of an instance.
 */
import {
  call,
  constant,
  encodeModule,
  func,
  get,
  GLOBAL_I32,
  MEMORY,
  MUTABLE_I32,
  type CoreType,
  type FunctionParts,
  type FunctionType,
  type Import,
} from "../abi/encode.ts";
import { FRONTS, type FrontName } from "./lease-code.ts";
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

/** What the functions of one module share. */
export interface GateContext {
  /** Suspends the guest for what the last attempt waits for; gives the result of the call. */
  readonly wait: (result: CoreType | undefined) => object;
  /** The result of the last attempt whose result is boxed. */
  readonly unbox: () => unknown;
  /** The guest's memory and allocator, for fronts, and for those who allocate. */
  readonly memory: object | undefined;
  readonly realloc: CoreFunction | undefined;
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

/** Modules that are made for functions of the same form are the same: `Gates` of one component share one. */
export class GateModules {
  readonly #made: Gates[] = [];

  /** Gates in front of `functions`. */
  gate(functions: readonly Ungated[], context: GateContext): Gated {
    let gates = this.#made.find((made) => made.fit(functions, context));
    if (!gates) this.#made.push((gates = new Gates(functions, context)));
    return gates.gate(functions, context);
  }
}

/** One module. */
class Gates {
  readonly #forms: readonly Omit<Ungated, "attempt">[];
  readonly #shape: Shape;
  readonly #module: object;
  readonly #names: readonly string[];
  readonly #memory: boolean;
  readonly #staging: boolean;

  constructor(functions: readonly Ungated[], context: GateContext) {
    // Without the functions, which are those of one instance.
    this.#forms = functions.map(({ params, result, boxed, front, holds }) => ({ params, result, boxed, front, holds }));
    this.#memory = context.memory !== undefined;
    this.#staging = context.staging !== undefined;
    this.#shape = shapeOf(this.#forms, context);
    this.#module = moduleOf(encodeGates(this.#shape));
    this.#names = functions.map((_, index) => `f${index}`);
  }

  /** Whether they would make the same module again. */
  fit(functions: readonly Ungated[], { memory, realloc, staging, threads }: GateContext): boolean {
    return (
      functions.length === this.#forms.length &&
      (memory !== undefined) === this.#memory &&
      (realloc !== undefined) === this.#shape.realloc &&
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
      realloc: this.#shape.realloc ? (exports["realloc"] as CoreFunction) : undefined,
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
interface Shape {
  readonly functions: readonly Omit<Ungated, "attempt">[];
  readonly results: readonly (CoreType | "none")[];
  readonly boxes: readonly CoreType[];
  readonly realloc: boolean;
  readonly memory: boolean;
  readonly staging: boolean;
  readonly threads: boolean;
  readonly catches: boolean;
}

function shapeOf(
  functions: readonly Omit<Ungated, "attempt">[],
  { memory, realloc, staging, threads }: GateContext,
): Shape {
  const forms = functions.map((form) => {
    const { front } = form;
    const needs = front && FRONTS[front].needs;
    const fits = needs && staging && (!needs.memory || memory) && (!needs.realloc || realloc);
    return { ...form, front: fits ? front : undefined };
  });
  const fronts = forms.some(({ front }) => front !== undefined);
  return {
    functions: forms,
    results: [...new Set(forms.map(({ result }) => result ?? "none"))],
    boxes: [...new Set(forms.flatMap(({ result, boxed }) => (boxed && result ? [result] : [])))],
    realloc: realloc !== undefined,
    memory: fronts && memory !== undefined,
    staging: fronts,
    threads: threads !== undefined,
    catches: (canCatch ??= WebAssembly.validate(encodeCatch())),
  };
}

function importsOf(functions: readonly Ungated[], shape: Shape, context: GateContext) {
  const { memory, realloc, staging, mayLeave, refuse, failed, wait, unbox, threads } = context;
  return {
    // An array is an object of what has these numbers.
    attempt: functions.map(({ attempt }) => attempt),
    wait: Object.fromEntries(shape.results.map((type) => [type, wait(type === "none" ? undefined : type)])),
    unbox: Object.fromEntries(shape.boxes.map((type) => [type, unbox])),
    thread: threads ?? {},
    gate: { refuse, failed, memory, realloc, staging: staging?.memory, number: staging?.number, "may-leave": mayLeave },
  };
}

const REALLOC: FunctionType = [["i32", "i32", "i32", "i32"], ["i32"]];

/** Numbers the types of a module. */
class Types {
  readonly list: FunctionType[] = [];
  readonly #numbers = new Map<string, number>();

  of(type: FunctionType): number {
    const key = JSON.stringify(type);
    let number = this.#numbers.get(key);
    if (number === undefined) this.#numbers.set(key, (number = this.list.push(type) - 1));
    return number;
  }
}

function encodeGates(shape: Shape): Uint8Array {
  const types = new Types();
  const imports: Import[] = [];
  let count = 0;
  const importFunc = (module: string, name: string, type: FunctionType): number => {
    imports.push([module, name, ...func(types.of(type))]);
    return count++;
  };
  const refuse = importFunc("gate", "refuse", [[], []]);
  const failed = shape.catches ? importFunc("gate", "failed", [[], []]) : undefined;
  const attempts = shape.functions.map((form, index) => importFunc("attempt", `${index}`, attemptType(form)));
  const waits = new Map(
    shape.results.map((type) => [type, importFunc("wait", type, [[], type === "none" ? [] : [type]])]),
  );
  const boxes = new Map(shape.boxes.map((type) => [type, importFunc("unbox", type, [[], [type]])]));
  const suspended = shape.threads ? importFunc("thread", "suspended", [["i32"], ["i32"]]) : undefined;
  const resumed = shape.threads ? importFunc("thread", "resumed", [["i32"], []]) : undefined;
  const realloc = shape.realloc ? importFunc("gate", "realloc", REALLOC) : 0;
  // Fronts know memories and globals by these numbers: see lease-code.ts.
  if (shape.staging) imports.push(["gate", "staging", ...MEMORY], ["gate", "number", ...GLOBAL_I32]);
  if (shape.memory) imports.push(["gate", "memory", ...MEMORY]);
  imports.push(["gate", "may-leave", ...MUTABLE_I32]);
  const mayLeave = shape.staging ? 1 : 0;
  const guardedRealloc = count + shape.functions.length;
  const functions = shape.functions.map((form, index): FunctionParts => {
    const body = gateBody(form, {
      refuse,
      failed,
      mayLeave,
      attempt: attempts[index] ?? 0,
      wait: waits.get(form.result ?? "none") ?? 0,
      unbox: (form.result && boxes.get(form.result)) ?? 0,
      realloc: guardedRealloc,
      suspended,
      resumed,
    });
    const outer = form.params.map((type) => (type === "length" ? "i64" : type));
    const type = types.of([outer, form.result ? [form.result] : []]);
    return { name: `f${index}`, type, ...body };
  });
  if (shape.realloc) functions.push(reallocGuard(types.of(REALLOC), realloc, mayLeave));
  return encodeModule({ types: types.list, imports, functions });
}

function attemptType({ params, result, boxed }: Shape["functions"][number]): FunctionType {
  const inner = params.map((type): CoreType => (type === "length" ? "f64" : type));
  return [inner, [boxed ? "i32" : (result ?? "i32")]];
}

/** Numbers of what a gate calls. */
interface GateNumbers {
  readonly refuse: number;
  /** Missing where WebAssembly cannot catch. */
  readonly failed: number | undefined;
  readonly mayLeave: number;
  readonly attempt: number;
  readonly wait: number;
  readonly unbox: number;
  readonly realloc: number;
  /** Missing where a component has one thread. */
  readonly suspended: number | undefined;
  readonly resumed: number | undefined;
}

/**
 * (if (i32.eqz (global.get $may-leave)) (then (call $refuse) (unreachable)))
 * (block ...)                                     ;; the front
 * (local.set $r (call $attempt ...))              ;; what these two throw is told to $failed
 * (if (local.get $r is WAIT) (then (return (call $wait))))
 * (local.get $r)                                  ;; or (call $unbox), or nothing
 */
function gateBody(
  { params, result, boxed, front: frontName, holds }: Shape["functions"][number],
  numbers: GateNumbers,
): Pick<FunctionParts, "locals" | "body"> {
  const front = frontName && FRONTS[frontName];
  const status: CoreType = boxed ? "i32" : (result ?? "i32");
  const frontLocals = Array.from({ length: front?.locals ?? 0 }, (): CoreType => "i32");
  const kept = params.length + frontLocals.length;
  // f64.convert_i64_u
  const args = params.flatMap((type, index) => [...get(index), ...(type === "length" ? [0xba] : [])]);
  const isWait = status === "i64" ? [0x42, 0x7f, 0x51] : [0x41, 0x7f, 0x46];
  const canBeWait = status === "i32" || status === "i64";
  const value = boxed ? call(numbers.unbox) : result ? get(kept) : [];
  const { suspended, resumed } = numbers;
  const thread = kept + 1;
  const wait =
    suspended === undefined || resumed === undefined
      ? call(numbers.wait)
      : [
          ...constant(holds === true ? 1 : 0),
          ...call(suspended),
          0x21,
          thread,
          ...call(numbers.wait),
          ...get(thread),
          ...call(resumed),
        ];
  return {
    locals: [...frontLocals, status, ...(suspended === undefined ? [] : (["i32"] as const))],
    body: [
      ...[0x23, numbers.mayLeave, 0x45, 0x04, 0x40, ...call(numbers.refuse), 0x00, 0x0b],
      ...(front ? [0x02, 0x40, ...front.code(numbers.realloc), 0x0b] : []),
      ...caught(
        [
          ...[...args, ...call(numbers.attempt), 0x21, kept],
          ...(canBeWait ? [...get(kept), ...isWait, 0x04, 0x40, ...wait, 0x0f, 0x0b] : []),
        ],
        numbers.failed,
      ),
      ...value,
    ],
  };
}

/**
 * (block $done
 *   (block $caught (result exnref)
 *     (try_table (catch_all_ref $caught) ...)
 *     (br $done))
 *   (call $failed)
 *   (throw_ref))
 */
function caught(code: readonly number[], failed: number | undefined): readonly number[] {
  if (failed === undefined) return code;
  return [
    0x02,
    0x40,
    0x02,
    0x69,
    0x1f,
    0x40,
    0x01,
    0x03,
    0x00,
    ...code,
    0x0b,
    0x0c,
    0x01,
    0x0b,
    ...call(failed),
    0x0a,
    0x0b,
  ];
}

/** Whether this engine has exceptions as the standard has them; those that have not run no guest that catches. */
let canCatch: boolean | undefined;

function encodeCatch(): Uint8Array {
  const type: FunctionType = [[], []];
  return encodeModule({
    types: [type],
    imports: [["gate", "failed", ...func(0)]],
    functions: [{ name: "f", type: 0, locals: [], body: caught([], 0) }],
  });
}

/** Calls the guest's allocator, which may call nobody meanwhile. If it traps that stays so: the guest is over. */
function reallocGuard(type: number, realloc: number, mayLeave: number): FunctionParts {
  const args = [0, 1, 2, 3].flatMap(get);
  const set = (value: number): number[] => [0x41, value, 0x24, mayLeave];
  return { name: "realloc", type, locals: [], body: [...set(0), ...args, ...call(realloc), ...set(1)] };
}

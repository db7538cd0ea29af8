/** Calls of what a component exports: one at a time, and none after the end. */
import { codecOf } from "../abi/codec.ts";
import { alignUp, layoutOf, signatureOf, type CoreSignature } from "../abi/layout.ts";
import type { Guest } from "../abi/guest.ts";
import type { BorrowScope } from "../abi/handles.ts";
import { show } from "../abi/show.ts";
import { FlatValues, type CoreValue, type Type } from "../abi/type.ts";
import { describe, type FuncType, type ValType } from "../abi/types.ts";
import { WitError } from "../io/errors.ts";
import { Trap } from "../io/trap.ts";
import type { FuncItem } from "../load/items.ts";
import { mentions } from "../load/type-scope.ts";
import type { ComponentInstance, DefinedResource, Linked } from "../load/link.ts";
import type { CoreFunction } from "../wait/gate.ts";
import type { ExportedFunction } from "./exports.ts";
import { asTrap, type Life } from "./life.ts";

/** The way into one instance. */
export class Calls {
  readonly #linked: Linked;
  readonly #life: Life;
  readonly #isSync: boolean;
  /** Settles when the call that is under way is over, and all that wait before. */
  #last: Promise<unknown> | undefined;
  #isRunning = false;

  constructor(linked: Linked, life: Life, isSync: boolean) {
    this.#linked = linked;
    this.#life = life;
    this.#isSync = isSync;
  }

  function(name: string, func: FuncItem & { readonly is: "lifted" }): ExportedFunction {
    const lifted = new Lifted(name, func, this.#linked);
    const general: ExportedFunction = this.#isSync
      ? (...args) => this.#callSync(lifted, args)
      : (...args) => this.#call(lifted, args);
    const scalar = lifted.scalar;
    if (!scalar) return general;
    return this.#isSync ? this.#scalarSync(lifted, scalar, general) : this.#scalarCall(lifted, scalar, general);
  }

  /**
   * A function of a few numbers, without the general way's arrays and closures: a sixth of its time. What is not as it
   * should be goes the general way, which says so.
   */
  #scalarSync({ core: call }: Lifted, { params, result }: Scalars, general: ExportedFunction): ExportedFunction {
    const core = call as (...args: CoreValue[]) => unknown;
    const { task } = this.#life;
    const [first, second, third] = params;
    return (...args) => {
      if (this.#isRunning || task.isEnded) return general(...args);
      let a: CoreValue = 0;
      let b: CoreValue = 0;
      let c: CoreValue = 0;
      try {
        if (first) a = first(args[0]);
        if (second) b = second(args[1]);
        if (third) c = third(args[2]);
      } catch {
        return general(...args);
      }
      this.#isRunning = true;
      try {
        const value = params.length < 2 ? core(a) : params.length === 2 ? core(a, b) : core(a, b, c);
        this.#isRunning = false;
        if (task.isEnded) task.assertAlive();
        return result?.(value);
      } catch (error) {
        this.#isRunning = false;
        void this.#life.fail(error);
        throw asTrap(error);
      }
    };
  }

  /** As `#scalarSync`, for calls that may be suspended. */
  #scalarCall(lifted: Lifted, { params, result }: Scalars, general: ExportedFunction): ExportedFunction {
    const { task } = this.#life;
    const [first, second, third] = params;
    const left = (value: unknown): unknown => {
      this.#isRunning = false;
      if (task.isEnded) return this.#leave(lifted, value);
      return result?.(value);
    };
    const failed = (error: unknown): Promise<never> => this.#fail(error);
    return (...args) => {
      if (this.#isRunning || task.isEnded) return general(...args);
      let a: CoreValue = 0;
      let b: CoreValue = 0;
      let c: CoreValue = 0;
      try {
        if (first) a = first(args[0]);
        if (second) b = second(args[1]);
        if (third) c = third(args[2]);
      } catch {
        return general(...args);
      }
      this.#isRunning = true;
      return (this.#last = lifted.promising(a, b, c).then(left, failed));
    };
  }

  /** Runs the destructor of a resource that JavaScript lets go of. */
  async destroy(type: DefinedResource, rep: number): Promise<void> {
    const destructor = type.destructor?.();
    if (!destructor || this.#life.task.isEnded) return;
    try {
      if (this.#isSync) {
        destructor(...([rep] as never[]));
        return;
      }
      await this.#inTurn(() => WebAssembly.promising(destructor)(rep));
    } catch (error) {
      await this.#life.fail(error);
    }
  }

  #callSync(lifted: Lifted, args: unknown[]): unknown {
    this.#life.task.assertAlive();
    if (this.#isRunning) throw reentered(lifted.name);
    this.#isRunning = true;
    let flat;
    try {
      flat = lifted.lower(args);
    } catch (error) {
      this.#isRunning = false;
      throw this.#ended(error);
    }
    try {
      const value = lifted.lift(lifted.core(...(flat as never[])));
      this.#life.task.assertAlive();
      this.#isRunning = false;
      return lifted.returned(value);
    } catch (error) {
      this.#isRunning = false;
      if (error instanceof WitError) throw error;
      void this.#life.fail(error);
      throw asTrap(error);
    }
  }

  /** What is wrong with arguments leaves the guest as it is; what it does itself while it allocates may end it. */
  #ended(error: unknown): unknown {
    if (error instanceof TypeError || (error instanceof RangeError && !/stack/i.test(error.message))) return error;
    void this.#life.fail(error);
    return asTrap(error);
  }

  #call(lifted: Lifted, args: unknown[]): Promise<unknown> {
    return this.#inTurn(() => this.#enter(lifted, args));
  }

  /** Begins at once if nobody is inside, else when those are out who came before. */
  #inTurn(enter: () => Promise<unknown>): Promise<unknown> {
    const call = this.#isRunning ? Promise.resolve(this.#last).then(enter, enter) : enter();
    if (this.#isRunning) this.#last = call;
    return call;
  }

  #enter(lifted: Lifted, args: unknown[]): Promise<unknown> {
    let flat;
    try {
      this.#life.task.assertAlive();
      flat = lifted.lower(args);
    } catch (error) {
      return this.#rejected(error);
    }
    this.#isRunning = true;
    const call = lifted.promising(...flat).then(
      (result) => this.#leave(lifted, result),
      (error: unknown) => this.#fail(error),
    );
    this.#last = call;
    return call;
  }

  #leave(lifted: Lifted, result: unknown): unknown {
    let value;
    try {
      this.#life.task.assertAlive();
      value = lifted.lift(result);
    } catch (error) {
      return this.#fail(error);
    }
    this.#isRunning = false;
    return lifted.returned(value);
  }

  async #fail(error: unknown): Promise<never> {
    const told = await this.#life.fail(error);
    this.#isRunning = false;
    throw told;
  }

  async #rejected(error: unknown): Promise<never> {
    if (error instanceof TypeError || (error instanceof RangeError && !/stack/i.test(error.message))) throw error;
    throw await this.#life.fail(error);
  }
}

function reentered(name: string): Trap {
  return new Trap("1.1", `cannot enter component instance: ${name} is called while a call is under way`);
}

interface Scalars {
  readonly params: readonly ((value: unknown) => CoreValue)[];
  readonly result: ((core: unknown) => unknown) | undefined;
}

/** One exported function of one instance. */
class Lifted {
  readonly name: string;
  readonly core: CoreFunction;
  readonly #linked: Linked;
  readonly #func: FuncItem & { readonly is: "lifted" };
  readonly #instance: ComponentInstance;
  readonly #signature: CoreSignature;
  readonly #params: readonly Type<unknown>[];
  readonly #result: Type<unknown> | undefined;
  readonly #lends: boolean;
  #guest: Guest | undefined;
  #promising: ((...args: unknown[]) => Promise<unknown>) | undefined;

  constructor(name: string, func: FuncItem & { readonly is: "lifted" }, linked: Linked) {
    const { type, core, instance } = func;
    this.name = name;
    this.core = linked.coreFunction(core);
    this.#linked = linked;
    this.#func = func;
    this.#instance = linked.instance(instance);
    this.#signature = signatureOf(type, "lift");
    this.#params = type.params.map((param) => codecOf(param.type));
    this.#result = type.result && codecOf(type.result);
    this.#lends = type.params.some((param) => mentions(param.type, "borrow"));
  }

  /** The conversions of a function of at most three numbers that gives one or nothing; `undefined` for any other. */
  get scalar(): Scalars | undefined {
    const { result } = this.#func.type;
    if (this.#params.length > 3 || this.#func.options.postReturn || (result && !this.#result?.alone)) return undefined;
    const params = this.#params.flatMap((param) => param.alone?.lower ?? []);
    return params.length === this.#params.length ? { params, result: this.#result?.alone?.lift } : undefined;
  }

  /** The function, as it may be suspended. */
  get promising(): (...args: unknown[]) => Promise<unknown> {
    return (this.#promising ??= WebAssembly.promising(this.core));
  }

  get #caller(): Guest {
    return (this.#guest ??= this.#linked.guest(this.#func.options, this.#func.instance));
  }

  /** The arguments as core values. @throws {TypeError} That names what is wrong. */
  lower(args: readonly unknown[]): CoreValue[] {
    const { params } = this.#func.type;
    const guest = this.#caller;
    if (this.#lends) guest.scope = { callee: this.#instance, borrows: 0 } satisfies BorrowScope;
    const flat: CoreValue[] = [];
    if (this.#signature.spilled) {
      const { size, align } = layoutOf(tupleOf(this.#func.type));
      let at = guest.allocate(size, align);
      flat.push(at | 0);
      for (const [index, codec] of this.#params.entries()) {
        at = alignUp(at, codec.align);
        const place = at;
        this.#named(params[index], () => codec.store(guest, place, args[index]));
        at += codec.size;
      }
      return flat;
    }
    for (const [index, codec] of this.#params.entries()) {
      this.#named(params[index], () => codec.lower(guest, args[index], flat));
    }
    return flat;
  }

  #named(param: FuncType["params"][number] | undefined, lower: () => void): void {
    try {
      lower();
    } catch (error) {
      if (!(error instanceof TypeError) || !param) throw error;
      throw new TypeError(`${this.name}: parameter ${param.name} (${describe(param.type)}): ${error.message}`, {
        cause: error,
      });
    }
  }

  /** The value of a result, after which the guest has cleaned up. @throws {Trap} */
  lift(result: unknown): unknown {
    const guest = this.#caller;
    let value;
    if (this.#result) {
      if (this.#signature.stored) {
        const { size, align } = this.#result;
        value = this.#result.load(guest, guest.place(Number(result), size, align));
      } else value = this.#result.lift(guest, new FlatValues([result]));
    }
    const { scope } = guest;
    if (scope && scope.borrows > 0) throw new Trap("1.2", "borrow handles still remain at the end of the call");
    this.#cleanUp(result);
    return value;
  }

  #cleanUp(result: unknown): void {
    const { postReturn } = this.#func.options;
    if (!postReturn) return;
    const { mayLeave } = this.#instance;
    mayLeave.value = 0;
    this.#linked.coreFunction(postReturn)(...((this.#result ? [result] : []) as never[]));
    mayLeave.value = 1;
  }

  /** What the caller gets for a value: the error case of a result is thrown. */
  returned(value: unknown): unknown {
    if (this.#func.type.result?.kind !== "result") return value;
    // A result is `{ tag, val }`.
    const { tag, val } = value as { readonly tag: "ok" | "err"; readonly val: unknown };
    if (tag === "ok") return val;
    throw new WitError(val, `${this.name} failed${val === undefined ? "" : `: ${show(val)}`}`);
  }
}

const tuples = new WeakMap<FuncType, ValType>();

/** The parameters as what lies behind one pointer. */
function tupleOf(type: FuncType): ValType {
  let tuple = tuples.get(type);
  if (!tuple) tuples.set(type, (tuple = { kind: "tuple", members: type.params.map((param) => param.type) }));
  return tuple;
}

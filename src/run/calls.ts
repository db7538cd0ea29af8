/** Calls of what a component exports: one at a time, and none after the end. */
import { codecOf } from "../abi/codec.ts";
import { signatureOf, type CoreSignature } from "../abi/layout.ts";
import { located, Params } from "../abi/params.ts";
import type { Guest } from "../abi/guest.ts";
import { endScope, type BorrowScope } from "../abi/handles.ts";
import { show } from "../abi/show.ts";
import { FlatValues, type CoreValue, type Type } from "../abi/type.ts";
import { WitError } from "../io/errors.ts";
import { Trap } from "../io/trap.ts";
import type { FuncItem } from "../load/items.ts";
import { mentions } from "../abi/type-facts.ts";
import type { ComponentInstance } from "../load/component-instance.ts";
import type { DefinedResource } from "../load/defined-resource.ts";
import type { Linked } from "../load/link.ts";
import type { CoreFunction } from "../wait/gate.ts";
import type { ExportedFunction } from "./exports.ts";
import { asTrap, type Life } from "./life.ts";

/** The way into one instance. */
export class Calls {
  readonly #linked: Linked;
  readonly #life: Life;
  readonly #isSync: boolean;
  readonly #waitsElsewhere: boolean;
  /** Ends the call that is under way, wherever it waits. */
  #abandon: ((reason: unknown) => void) | undefined;
  /** Calls that begin when those are out who came before: there are some only while somebody is inside. */
  readonly #waiting: (() => void)[] = [];
  #isRunning = false;

  /**
   * @param isSync Whether calls give values, and no promises.
   * @param waitsElsewhere Whether the guest may be suspended in a component of another instance, which goes on when this
   * one is over.
   */
  constructor(linked: Linked, life: Life, isSync: boolean, waitsElsewhere: boolean) {
    this.#waitsElsewhere = waitsElsewhere;
    this.#linked = linked;
    this.#life = life;
    this.#isSync = isSync;
    // What is over is never left.
    linked.isEntered = () => this.#isRunning || life.task.isEnded;
  }

  function(name: string, func: FuncItem & { readonly is: "lifted" }): ExportedFunction {
    const lifted = new Lifted(name, func, this.#linked, this.#life.task);
    const general: ExportedFunction = this.#isSync
      ? (...args) => this.#callSync(lifted, args)
      : (...args) => this.#call(lifted, args);
    const scalar = lifted.scalar;
    if (!scalar || this.#waitsElsewhere) return general;
    const call = this.#isSync ? this.#scalarSync(lifted, scalar) : this.#scalarSuspended(lifted, scalar);
    return this.#scalar(scalar, call, general);
  }

  /**
   * A function of a few numbers, without the general way's arrays and closures: a sixth of its time. What is not as it
   * should be goes the general way, which says so.
   */
  #scalar({ params }: Scalars, call: ScalarCall, general: ExportedFunction): ExportedFunction {
    const linked = this.#linked;
    const { task } = this.#life;
    const [first, second, third] = params;
    return (...args) => {
      if (this.#isRunning || task.isEnded || linked.entry) return general(...args);
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
      return call(a, b, c);
    };
  }

  #scalarSync({ core: call }: Lifted, { result }: Scalars): ScalarCall {
    const core = call as ScalarCall;
    const { task } = this.#life;
    return (a, b, c) => {
      try {
        const value = core(a, b, c);
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
  #scalarSuspended(lifted: Lifted, { result }: Scalars): ScalarCall {
    const { task } = this.#life;
    const left = (value: unknown): unknown => {
      if (task.isEnded) return this.#leave(lifted, value);
      const returned = result?.(value);
      this.#left();
      return returned;
    };
    const failed = (error: unknown): Promise<never> => this.#fail(error);
    return (a, b, c) => lifted.promising(a, b, c).then(left, failed);
  }

  /** Runs the destructor of a resource that JavaScript lets go of. */
  async destroy(type: DefinedResource, rep: number): Promise<void> {
    const destructor = type.destructor?.();
    if (!destructor || this.#life.task.isEnded) return;
    // A guest that is called synchronously is left when this goes on.
    if (this.#isSync && this.#isRunning) await Promise.resolve();
    const run = this.#isSync ? destructor : this.#life.task.promising(destructor);
    await this.#inTurn(async () => {
      try {
        this.#enter();
        await run(...([rep] as never[]));
        this.#left();
      } catch (error) {
        await this.#fail(error);
      }
    }).catch(() => {});
  }

  #callSync(lifted: Lifted, args: unknown[]): unknown {
    this.#life.task.assertAlive();
    if (this.#isRunning) throw reentered();
    this.#enter();
    let flat;
    try {
      flat = lifted.lower(args);
    } catch (error) {
      if (lifted.hasFailed) {
        void this.#fail(error).catch(() => {});
        throw asTrap(error);
      }
      // What is wrong with arguments leaves the guest as it is.
      this.#left();
      throw error;
    }
    let value;
    try {
      value = lifted.lift(lifted.core(...(flat as never[])));
      this.#life.task.assertAlive();
    } catch (error) {
      lifted.endScope();
      void this.#fail(error).catch(() => {});
      throw asTrap(error);
    }
    this.#left();
    return lifted.returned(value);
  }

  #call(lifted: Lifted, args: unknown[]): Promise<unknown> {
    return this.#isRunning ? this.#inTurn(() => this.#callNow(lifted, args)) : this.#callNow(lifted, args);
  }

  /** Begins at once if nobody is inside, else when those are out who came before. */
  #inTurn<T>(begin: () => Promise<T>): Promise<T> {
    if (!this.#isRunning) return begin();
    return new Promise<T>((resolve) => {
      this.#waiting.push(() => resolve(begin()));
    });
  }

  /** Never throws. It is no async function: its promise more would take three turns of the microtasks. */
  #callNow(lifted: Lifted, args: unknown[]): Promise<unknown> {
    let flat;
    try {
      this.#life.task.assertAlive();
      this.#enter();
    } catch (error) {
      return Promise.reject(error);
    }
    try {
      flat = lifted.lower(args);
    } catch (error) {
      if (lifted.hasFailed) return this.#fail(error);
      this.#left();
      return Promise.reject(error);
    }
    return this.#called(lifted.promising(...flat)).then(
      (result) => this.#leave(lifted, result),
      (error: unknown) => {
        lifted.endScope();
        return this.#fail(error);
      },
    );
  }

  #called(call: Promise<unknown>): Promise<unknown> {
    if (!this.#waitsElsewhere) return call;
    return new Promise((resolve, reject) => {
      this.#abandon = reject;
      call.then(resolve, reject);
    });
  }

  /** The instance is over: whoever waits for a call hears of it now, even if the other component still has it. */
  abandon(reason: unknown): void {
    this.#abandon?.(reason);
  }

  #leave(lifted: Lifted, result: unknown): unknown {
    let value;
    try {
      this.#life.task.assertAlive();
      value = lifted.lift(result);
    } catch (error) {
      lifted.endScope();
      return this.#fail(error);
    }
    this.#left();
    return lifted.returned(value);
  }

  /** @throws {Trap} If another component is inside, or was when it trapped. */
  #enter(): void {
    const { entry } = this.#linked;
    if (entry?.value === 0) throw reentered();
    if (entry) entry.value = 0;
    this.#isRunning = true;
  }

  /** The guest may be entered again: by the first who waits, before anybody else. */
  #left(): void {
    const { entry } = this.#linked;
    if (entry) entry.value = 1;
    this.#isRunning = false;
    this.#admit();
  }

  #admit(): void {
    while (!this.#isRunning && this.#waiting.length > 0) this.#waiting.shift()?.();
  }

  /** The guest is over. Other components cannot enter it any more. */
  async #fail(error: unknown): Promise<never> {
    if (this.#isSync) this.#isRunning = false;
    const told = await this.#life.fail(error);
    this.#isRunning = false;
    this.#admit();
    throw told;
  }
}

function reentered(): Trap {
  return new Trap("1.1", "cannot enter component instance: it is in the middle of a call, or was when that trapped");
}

interface Scalars {
  readonly params: readonly ((value: unknown) => CoreValue)[];
  readonly result: ((core: unknown) => unknown) | undefined;
}

type ScalarCall = (...args: CoreValue[]) => unknown;

/** One exported function of one instance. */
class Lifted {
  readonly name: string;
  readonly core: CoreFunction;
  readonly #linked: Linked;
  readonly #task: Life["task"];
  readonly #func: FuncItem & { readonly is: "lifted" };
  readonly #instance: ComponentInstance;
  readonly #signature: CoreSignature;
  readonly #params: Params;
  readonly #result: Type<unknown> | undefined;
  readonly #lends: boolean;
  #guest: Guest | undefined;
  #promising: ((...args: unknown[]) => Promise<unknown>) | undefined;

  constructor(name: string, func: FuncItem & { readonly is: "lifted" }, linked: Linked, task: Life["task"]) {
    const { type, core, instance } = func;
    this.name = name;
    this.core = linked.coreFunction(core);
    this.#linked = linked;
    this.#task = task;
    this.#func = func;
    this.#instance = linked.instance(instance);
    this.#signature = signatureOf(type, "lift");
    this.#params = new Params(type);
    this.#result = type.result && codecOf(type.result);
    this.#lends = type.params.some((param) => mentions(param.type, "borrow"));
  }

  /** The conversions of a function of at most three numbers that gives one or nothing; `undefined` for any other. */
  get scalar(): Scalars | undefined {
    const { result } = this.#func.type;
    const { codecs } = this.#params;
    if (codecs.length > 3 || this.#func.options.postReturn || (result && !this.#result?.alone)) return undefined;
    const params = codecs.flatMap((param) => param.alone?.lower ?? []);
    return params.length === codecs.length ? { params, result: this.#result?.alone?.lift } : undefined;
  }

  /** The function, as it may be suspended. */
  get promising(): (...args: unknown[]) => Promise<unknown> {
    return (this.#promising ??= this.#task.promising(this.core));
  }

  get #caller(): Guest {
    return (this.#guest ??= this.#linked.guest(this.#func.options, this.#func.instance));
  }

  /** The arguments as core values. @throws {TypeError} That names what is wrong. */
  lower(args: readonly unknown[]): CoreValue[] {
    const guest = this.#caller;
    if (this.#lends) guest.scope = { callee: this.#instance, borrows: 0 } satisfies BorrowScope;
    try {
      return this.#params.lower(guest, args);
    } catch (error) {
      throw guest.isAllocating ? error : located(this.name, error);
    }
  }

  /** Whether it is the guest itself, in its allocator, that `lower` has failed in. */
  get hasFailed(): boolean {
    return this.#caller.isAllocating;
  }

  /** The value of a result, after which the guest has cleaned up. @throws {Trap} */
  lift(result: unknown): unknown {
    const guest = this.#caller;
    guest.newValues();
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
    this.endScope();
    return value;
  }

  /** The call is over, however it went: who lent something to it has that back. */
  endScope(): void {
    const { scope } = this.#caller;
    if (scope) endScope(scope);
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

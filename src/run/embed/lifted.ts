/** Exported functions whose values pass between JavaScript and a guest. */
import { codecOf } from "../../abi/codec.ts";
import type { Guest } from "../../abi/guest.ts";
import { endScope, type BorrowScope } from "../../abi/handles.ts";
import { located, Params } from "../../abi/params.ts";
import { show } from "../../abi/show.ts";
import { signatureOf, type CoreSignature } from "../../abi/signature.ts";
import { FlatValues, type CoreValue, type Type } from "../../abi/type.ts";
import { mentions } from "../../abi/type-facts.ts";
import { WitError } from "../../io/errors.ts";
import { Trap } from "../../io/trap.ts";
import type { ComponentInstance } from "../../load/link/component-instance.ts";
import type { FuncItem } from "../../load/plan/items.ts";
import type { Linked } from "../../load/link/link.ts";
import type { CoreFunction } from "../../wait/gate.ts";
import { cleanUp } from "../bare.ts";
import type { Lifted } from "../calls.ts";
import type { Life } from "../life.ts";

/** How the values of a function of a few numbers pass. */
export interface Scalars {
  readonly params: readonly ((value: unknown) => CoreValue)[];
  readonly result: ((core: unknown) => unknown) | undefined;
}

/** A function of any type. */
export class LiftedValues implements Lifted {
  readonly core: CoreFunction;
  readonly #name: string;
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
    this.#name = name;
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

  get promising(): (...args: unknown[]) => Promise<unknown> {
    return (this.#promising ??= this.#task.promising(this.core));
  }

  get #caller(): Guest {
    return (this.#guest ??= this.#linked.guest(this.#func.options, this.#func.instance));
  }

  lower(args: readonly unknown[]): CoreValue[] {
    const guest = this.#caller;
    if (this.#lends) guest.scope = { callee: this.#instance, borrows: 0 } satisfies BorrowScope;
    try {
      return this.#params.lower(guest, args);
    } catch (error) {
      throw guest.isAllocating ? error : located(this.#name, error);
    }
  }

  get hasFailed(): boolean {
    return this.#caller.isAllocating;
  }

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
    cleanUp(this.#linked, this.#func, this.#result ? [result] : []);
    this.endScope();
    return value;
  }

  endScope(): void {
    const { scope } = this.#caller;
    if (scope) endScope(scope);
  }

  returned(value: unknown): unknown {
    if (this.#func.type.result?.kind !== "result") return value;
    // A result is `{ tag, val }`.
    const { tag, val } = value as { readonly tag: "ok" | "err"; readonly val: unknown };
    if (tag === "ok") return val;
    throw new WitError(val, `${this.#name} failed${val === undefined ? "" : `: ${show(val)}`}`);
  }
}

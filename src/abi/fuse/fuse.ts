/**
 * Fused adapters: the WebAssembly between two components, one of which imports what the other exports. It takes each
 * parameter from the caller's memory or core values and puts it into the callee's, calls, and does the same with the
 * result the other way. Between the two no JavaScript function is on the stack, so that the callee can be suspended.
 *
 * What an adapter imports, if it needs it:
 *
 * - `caller` and `callee`: `memory`, `realloc`, and the mutable i32 `may-leave` (1: it may call what it imports);
 * - `callee`: `f`, the core function; `post-return`; and the mutable i32 `may-enter` (1: the component may be called);
 * - `host`, functions that call nothing: `trap(code)`, which throws (`FUSE_TRAPS`); `ownN` and `borrowN`, for the N-th
 *   (from 0) of `handles`, from the handle of the sender to that of the receiver; `enter()` before the first handle and
 *   `leave()` after the callee has returned, if borrows cross or the callee has threads; `exit()` after it has cleaned up
 *   too, if it has threads; and `transcode-...`, which are in transcode.ts.
 *
 * All parameters are checked before the callee runs, but a parameter may be allocated before the next one is checked:
 * after a trap neither component runs again, so that none of them can tell.
 *
 * @see https://github.com/WebAssembly/component-model/blob/main/design/mvp/CanonicalABI.md
 */
import { FlatValues, slotsOf } from "./flat.ts";
import { ModuleCode, type FunctionCode } from "./code.ts";
import { MemoryValues } from "./memory.ts";
import { Side, trap, TRAP, trapIf, Way, type FusedHandle, type FuseSide } from "./sides.ts";
import { checkSupported, haveBorrow } from "./types.ts";
import { layoutOf } from "../layout.ts";
import { signatureOf, type CoreSignature } from "../signature.ts";
import type { FuncType, ValType } from "../types.ts";

/** An adapter, what it imports, and which handles it transfers. */
export interface Fused {
  /** A module that exports `f`, the core function that the caller imports. */
  readonly bytes: Uint8Array;
  /** Distinct handles that cross, in the order of first use. */
  readonly handles: readonly FusedHandle[];
  /** Whether borrows cross, or the callee has threads, so that a call has a scope. */
  readonly scoped: boolean;
}

/** No value has more bytes: those of a memory but one. */
const MAX_MEMORY_BYTES = 2 ** 32 - 1;

/**
 * Compiles the adapter for a function.
 *
 * @param type As the caller spells it.
 * @throws {UnsupportedTypeError} For what cannot cross.
 * @throws {TypeError} If a side has no memory or no `realloc` and needs one.
 * @throws {RangeError} If the adapter would be too large.
 */
export function fuse(type: FuncType, caller: FuseSide, callee: FuseSide): Fused {
  checkSupported(type);
  const adapter = new Adapter(type, caller, callee);
  return adapter.compile();
}

class Adapter {
  readonly #type: FuncType;
  readonly #postReturn: boolean;
  readonly #threads: boolean;
  readonly #module = new ModuleCode();
  readonly #handles: FusedHandle[] = [];
  readonly #caller: Side;
  readonly #callee: Side;
  /** As the caller calls it, and as the callee is called. */
  readonly #lowered: CoreSignature;
  readonly #lifted: CoreSignature;
  readonly #code: FunctionCode;

  constructor(type: FuncType, caller: FuseSide, callee: FuseSide) {
    this.#type = type;
    this.#postReturn = callee.postReturn;
    this.#threads = callee.threads === true;
    this.#caller = new Side(this.#module, "caller", caller);
    this.#callee = new Side(this.#module, "callee", callee);
    this.#lowered = signatureOf(type, "lower");
    this.#lifted = signatureOf(type, "lift");
    this.#code = this.#module.define(this.#lowered.params, this.#lowered.results);
  }

  compile(): Fused {
    const module = this.#module;
    const code = this.#code;
    const mayEnter = module.importGlobal("callee", "may-enter");
    code.getGlobal(this.#caller.mayLeave());
    code.op("i32.eqz");
    trapIf(module, code, TRAP.cannotLeave);
    code.getGlobal(mayEnter);
    code.op("i32.eqz");
    trapIf(module, code, TRAP.cannotEnter);
    code.setGlobal(mayEnter, 0);
    const scoped = this.#threads || haveBorrow(this.#type.params.map((param) => param.type));
    if (scoped) code.call(module.importFunction("host", "enter", []));
    this.#passParams();
    code.call(module.importFunction("callee", "f", this.#lifted.params, this.#lifted.results));
    const returned = this.#lifted.results.map((core) => code.local(core));
    for (const local of returned) code.set(local);
    if (scoped) code.call(module.importFunction("host", "leave", []));
    this.#passResult(returned[0]);
    if (this.#postReturn) this.#callPostReturn(returned);
    if (this.#threads) code.call(module.importFunction("host", "exit", []));
    code.setGlobal(mayEnter, 1);
    return { bytes: module.finish(code), handles: this.#handles, scoped };
  }

  /** Leaves the core values that the callee is called with. */
  #passParams(): void {
    const code = this.#code;
    const types = this.#type.params.map((param) => param.type);
    const values = new MemoryValues(new Way(this.#module, "params", this.#caller, this.#callee, this.#handles));
    if (!this.#lowered.spilled) {
      new FlatValues(values).convertAll(
        code,
        types,
        slotsOf(this.#lowered.params.slice(0, this.#lifted.params.length)),
      );
      return;
    }
    const tuple: ValType = { kind: "tuple", members: types };
    const { size, align } = layoutOf(tuple);
    if (size > MAX_MEMORY_BYTES) return trap(this.#module, code, TRAP.outOfBounds);
    const target = code.local();
    this.#caller.check(code, 0, align, size);
    for (const constant of [0, 0, align, size, TRAP.outOfBounds]) code.i32(constant);
    code.call(this.#callee.allocate());
    code.set(target);
    values.convert(code, tuple, { from: 0, to: target, offset: 0 });
    code.get(target);
  }

  /** Leaves the core value that the caller gets, or fills the place that it gave. @param returned By the callee. */
  #passResult(returned: number | undefined): void {
    const code = this.#code;
    const { result } = this.#type;
    if (!result || returned === undefined) return;
    const values = new MemoryValues(new Way(this.#module, "result", this.#callee, this.#caller, this.#handles));
    if (!this.#lifted.stored) {
      return new FlatValues(values).convert(code, result, slotsOf(this.#lifted.results, returned));
    }
    const { size, align } = layoutOf(result);
    if (size > MAX_MEMORY_BYTES) return trap(this.#module, code, TRAP.outOfBounds);
    const target = this.#lowered.params.length - 1;
    this.#callee.check(code, returned, align, size);
    this.#caller.check(code, target, align, size);
    values.convert(code, result, { from: returned, to: target, offset: 0 });
  }

  #callPostReturn(returned: readonly number[]): void {
    const code = this.#code;
    code.setGlobal(this.#callee.mayLeave(), 0);
    for (const local of returned) code.get(local);
    code.call(this.#module.importFunction("callee", "post-return", this.#lifted.results));
    code.setGlobal(this.#callee.mayLeave(), 1);
  }
}

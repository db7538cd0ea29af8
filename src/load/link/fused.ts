/** Calls from one component to another: through WebAssembly alone, so that the callee may be suspended. */
import { fuse, type Fused } from "../../abi/fuse/fuse.ts";
import { FUSE_TRAPS, type FusedHandle, type FuseSide } from "../../abi/fuse/sides.ts";
import type { BorrowScope, Handle } from "../../abi/handles.ts";
import { transcoders } from "../../abi/fuse/transcode.ts";
import type { FuncType } from "../../abi/types.ts";
import { Trap } from "../../io/trap.ts";
import type { CoreFunction } from "../../wait/gate.ts";
import { moduleOf } from "../../wait/module.ts";
import { failing } from "./guards.ts";
import { asyncs } from "../parts.ts";
import type { Options } from "../plan/items.ts";
import type { ComponentInstance, GlobalI32 } from "./component-instance.ts";
import type { LiftedFunction, Linked } from "./link.ts";

/** Where a function of another component is lowered. */
export interface Caller {
  readonly linked: Linked;
  readonly options: Options;
  readonly instance: number;
  /** As the caller spells it. */
  readonly type: FuncType;
}

interface Adapter {
  readonly module: object;
  readonly fused: Fused;
}

/** By the function type, which is the caller's component's own, and by the options of both sides. */
const adapters = new WeakMap<FuncType, Map<string, Adapter>>();

function adapterOf(type: FuncType, caller: FuseSide, callee: FuseSide): Adapter {
  let known = adapters.get(type);
  if (!known) adapters.set(type, (known = new Map<string, Adapter>()));
  const key = JSON.stringify([caller, callee]);
  let adapter = known.get(key);
  if (!adapter) {
    const fused = fuse(type, caller, callee);
    known.set(key, (adapter = { module: moduleOf(nameOf(fused.bytes), () => fused.bytes), fused }));
  }
  return adapter;
}

/** Its bytes as text: what depends on no less than all of them has no shorter name. */
function nameOf(bytes: Uint8Array): string {
  return `fused ${Array.from(bytes, (byte) => String.fromCharCode(byte)).join("")}`;
}

function sideOf({ encoding, memory, realloc, postReturn }: Options, threads = false): FuseSide {
  return {
    threads,
    encoding,
    memory: memory !== undefined,
    realloc: realloc !== undefined,
    postReturn: postReturn !== undefined,
  };
}

/** The core function by which the caller calls `callee`. */
export function fusedFunction(caller: Caller, callee: LiftedFunction): CoreFunction {
  const { module, fused } = adapterOf(
    caller.type,
    sideOf(caller.options),
    sideOf(callee.func.options, callee.linked.compiled.plan.isAsync),
  );
  const from = caller.linked.instance(caller.instance);
  const to = callee.linked.instance(callee.func.instance);
  const { options, core } = callee.func;
  const callerMemory = memoryOf(caller.linked, caller.options);
  const calleeMemory = memoryOf(callee.linked, options);
  const { exports } = new WebAssembly.Instance(module, {
    caller: {
      memory: callerMemory,
      realloc: caller.linked.allocator(caller.options, caller.instance),
      "may-leave": from.mayLeave,
    },
    callee: {
      memory: calleeMemory,
      realloc: callee.linked.allocator(options, callee.func.instance),
      f: callee.linked.coreFunction(core),
      "post-return": options.postReturn && callee.linked.coreFunction(options.postReturn),
      "may-leave": to.mayLeave,
      "may-enter": entryOf(caller, callee),
    },
    host: {
      trap: failing(trap, caller.linked.host.failed),
      ...transcoders(callerMemory, calleeMemory),
      ...transfers(fused.handles, caller.linked, from, to, threadsOf(callee)),
    },
  });
  // The module exports exactly this.
  return exports["f"] as CoreFunction;
}

interface NestedThreads {
  enter(): void;
  leave(): void;
}

function threadsOf({ linked, func }: LiftedFunction): NestedThreads | undefined {
  return linked.compiled.plan.isAsync ? asyncs.code.nestedThreads(linked, func) : undefined;
}

function memoryOf(linked: Linked, { memory }: Options): WebAssembly.Memory | undefined {
  return linked.memory(memory);
}

/** Whether the caller is a part of the callee, which has been entered then, and may be called by its parts. */
function isWithin(caller: Caller, callee: LiftedFunction): boolean {
  if (caller.linked !== callee.linked) return false;
  const { instances } = caller.linked.compiled.plan;
  for (let at: number | undefined = caller.instance; at !== undefined; at = instances[at]) {
    if (at === callee.func.instance) return true;
  }
  return false;
}

/** What says whether the callee may be entered: the component as a whole, if the caller is no part of it. */
function entryOf(caller: Caller, callee: LiftedFunction): GlobalI32 {
  const { linked } = callee;
  if (caller.linked !== linked) return linked.sharedEntry;
  return isWithin(caller, callee) ? linked.newEntry() : linked.instance(callee.func.instance).mayEnter;
}

function trap(code: number): never {
  const reasons: Readonly<Record<number, string>> = FUSE_TRAPS;
  throw new Trap("1.1", reasons[code] ?? `a call between components failed (${code})`);
}

/** A call on its way: what was lent for it. */
class Scope implements BorrowScope {
  readonly callee: ComponentInstance;
  borrows = 0;
  readonly #lent: Handle[] = [];

  constructor(callee: ComponentInstance) {
    this.callee = callee;
  }

  lend(handle: Handle): void {
    handle.lends++;
    this.#lent.push(handle);
  }

  /** @throws {Trap} If the callee still holds what it was lent. */
  end(): void {
    if (this.borrows > 0) throw new Trap("1.2", "borrow handles still remain at the end of the call");
    for (const handle of this.#lent) handle.lends--;
  }
}

/** The functions that take handles from one component instance to the other. */
function transfers(
  handles: readonly FusedHandle[],
  linked: Linked,
  caller: ComponentInstance,
  callee: ComponentInstance,
  threads: NestedThreads | undefined,
): Record<string, unknown> {
  // The callee cannot be entered again before it has returned: there is one call at a time.
  let scope: Scope | undefined;
  const functions: Record<string, (handle: number) => unknown> = {
    enter: () => {
      scope = new Scope(callee);
      threads?.enter();
    },
    leave: () => {
      scope?.end();
      scope = undefined;
    },
    exit: () => threads?.leave(),
  };
  for (const [index, { kind, resource, direction }] of handles.entries()) {
    const { type } = linked.binding(resource);
    const [from, to] = direction === "params" ? [caller, callee] : [callee, caller];
    functions[`${kind}${index}`] =
      kind === "own"
        ? (handle: number) => to.handles.own(type, from.handles.take(type, handle >>> 0))
        : (handle: number) => {
            const lent = from.handles.of(type, handle >>> 0);
            if (!scope) throw new Error("A handle is lent outside of a call");
            scope.lend(lent);
            return type.definer === to ? Number(lent.rep) : to.handles.borrow(type, lent.rep, scope);
          };
  }
  const { failed } = linked.host;
  return Object.fromEntries(Object.entries(functions).map(([name, call]) => [name, failing(call, failed)]));
}

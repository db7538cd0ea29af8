/** Asynchronous components, linked: their threads, and the functions that begin, end and handle calls. */
import { CopyEnd, rawCopies, type SameElement } from "../../abi/ends.ts";
import type { CopyBinding, ResourceBinding } from "../../abi/guest.ts";
import { endScope } from "../../abi/handles.ts";
import type { FuncType, ResourceId } from "../../abi/types.ts";
import { PeerClosed } from "../../io/ports.ts";
import type { CoreFunction, GateThreads, Ungated } from "../../wait/gate.ts";
import { Store } from "../../wait/store.ts";
import { Call, cpu, Thread, ThreadGroup, type CallForm } from "../../wait/threads.ts";
import { asyncBuiltin } from "./builtins.ts";
import { optionsKey } from "../plan/options-key.ts";
import { AsyncLifted } from "./lift.ts";
import type { Callee } from "../../wait/callee.ts";
import { NO_OPTIONS } from "../decode/definitions.ts";
import { componentCallee, lowerAsync, lowerBlocking } from "./lower.ts";
import type { AsyncTrampoline, FuncItem, Options, Trampoline } from "../plan/items.ts";
import { TypeComparison } from "../plan/same-type.ts";
import { mentions } from "../../abi/type-facts.ts";
import type { LiftedFunction, Linked } from "../link/link.ts";
import { InvalidComponentError } from "../invalid-component.ts";

/** What calls that JavaScript carries out count as. */
const CALL_COST = 16;

/** The threads of one linked component. */
export class Concurrency {
  readonly store: Store;
  readonly groups: readonly ThreadGroup[];
  /** Streams and futures as what both of their ends are ends of: between components. */
  readonly copies: CopyBinding;
  readonly same: SameElement;
  readonly #linked: Linked;
  readonly #suspended: ({ readonly thread: Thread | undefined; readonly holds: boolean } | undefined)[] = [];
  readonly #free: number[] = [];
  readonly #lifted = new Map<FuncItem, AsyncLifted>();

  constructor(linked: Linked) {
    this.#linked = linked;
    this.store = new Store(linked.host.task, linked.host.tasks);
    const groups: ThreadGroup[] = [];
    for (const [index, parent] of linked.compiled.plan.instances.entries()) {
      groups.push(
        new ThreadGroup(this.store, linked.instance(index), parent === undefined ? undefined : groups[parent]),
      );
    }
    this.groups = groups;
    const comparison = new TypeComparison((a, b) => this.#typeOf(a) === this.#typeOf(b));
    this.same = (a, b) => (a && b ? a === b || comparison.same(a, b) : a === b);
    this.copies = rawCopies(this.same);
  }

  #typeOf(id: ResourceId): unknown {
    // One of ours stands for itself.
    return id.slot < 0 ? id : this.#linked.binding(id).type;
  }

  /** For the gates of a component whose threads are suspended, and go on, in any order. */
  readonly gateThreads: GateThreads = {
    suspended: (holds) => {
      const { thread } = cpu;
      thread?.leave();
      if (holds !== 0) this.store.hold();
      const index = this.#free.pop() ?? this.#suspended.length;
      this.#suspended[index] = { thread, holds: holds !== 0 };
      return index;
    },
    resumed: (index) => {
      const suspended = this.#suspended[index];
      this.#suspended[index] = undefined;
      this.#free.push(index);
      if (suspended?.holds === true) this.store.release();
      suspended?.thread?.enter();
    },
  };

  /** A function as other components call it. */
  lifted(func: FuncItem & { readonly is: "lifted" }): AsyncLifted {
    let lifted = this.#lifted.get(func);
    if (!lifted) {
      lifted = new AsyncLifted(this.#linked, func, this.#linked.rawGuest(func.options, func.instance));
      this.#lifted.set(func, lifted);
    }
    return lifted;
  }

  /** After the end: for a guest that is as it was when it was made. @returns Whether nothing of before still runs. */
  renew(): boolean {
    // Their handles are forgotten.
    this.store.calls = 0;
    return this.store.isIdle && this.groups.every((group) => group.renew());
  }

  /** The instance is over: streams and futures are told, and whoever waits. */
  end(reason: unknown): unknown[] {
    this.store.end(reason);
    const faults: unknown[] = [];
    for (const { threads } of this.groups) {
      for (const thread of threads) {
        if (thread) endScope(thread.call);
        thread?.abandon?.(reason);
      }
    }
    // One for all of them: a guest may hold as many as handles, and each error costs a stack.
    const gone = new PeerClosed();
    for (const { handles } of this.#linked.instances) {
      for (const { rep } of handles.all()) {
        if (!(rep instanceof CopyEnd)) continue;
        try {
          rep.abandon(gone);
        } catch (fault) {
          faults.push(fault);
        }
      }
    }
    return faults;
  }
}

/** Resources as what stands for them. */
export function rawBindings(bindings: readonly (ResourceBinding | undefined)[]): (ResourceBinding | undefined)[] {
  return bindings.map(
    (binding) => binding && { type: binding.type, toJs: (rep) => rep, fromJs: (rep) => rep, restore: () => {} },
  );
}

export function linkBuiltin(linked: Linked, trampoline: AsyncTrampoline): Ungated | (() => CoreFunction) {
  const { options = NO_OPTIONS, instance, table } = trampoline;
  const { same } = linked.concurrency;
  return asyncBuiltin(trampoline, {
    group: linked.group(instance),
    guest: linked.rawGuest(options, instance),
    mayLeave: linked.instance(instance).mayLeave,
    same,
    failed: linked.host.failed,
    fail: (error) => linked.fail(error),
    tableFunction: (index) => {
      const found = table && linked.tableEntry(table, index);
      if (typeof found !== "function") throw new InvalidComponentError(`a table has no function ${index}`);
      return found as CoreFunction;
    },
  });
}

/** A call that may take long: of a function of the host's, or of a component. `undefined` if it is made by a plain call. */
export function linkLowered(
  linked: Linked,
  { func, options, instance }: Trampoline & { readonly is: "lower" },
): Ungated | undefined {
  const callee = calleeOf(linked, func, options, instance);
  if (!callee) return undefined;
  const { callee: called, guest } = callee;
  const site = { guest, group: linked.group(instance), task: linked.host.task, cost: CALL_COST };
  return options.async ? lowerAsync(called, site) : lowerBlocking(called, site);
}

/** Whether there are values among its own that do not pass from memory to memory. */
function carriesAsync({ params, result }: FuncType): boolean {
  return [...params.map(({ type }) => type), ...(result ? [result] : [])].some((type) =>
    mentions(type, "stream", "future", "error-context"),
  );
}

function calleeOf(linked: Linked, func: FuncItem, options: Options, instance: number) {
  const isLong = (callee: FuncItem & { readonly is: "lifted" }): boolean =>
    options.async || func.type.async || callee.options.async || carriesAsync(func.type);
  const component = (lifted: LiftedFunction): { callee: Callee; guest: ReturnType<Linked["guest"]> } | undefined =>
    isLong(lifted.func)
      ? {
          callee: componentCallee(func.type, lifted.linked.concurrency.lifted(lifted.func)),
          guest: linked.rawGuest(options, instance),
        }
      : undefined;
  if (func.is === "lifted") return component({ type: func.type, linked, func });
  if (!options.async && !func.type.async) return undefined;
  const guest = linked.guest(options, instance);
  const callee = linked.host.callee(func, guest);
  if ("linked" in callee) return component(callee);
  // A function of the host's that is lowered synchronously suspends the guest as any other does.
  return options.async ? { callee, guest } : undefined;
}

/** The thread of a call from one component to another that is made on the caller's stack. */
class NestedThread extends Thread {
  readonly caller: Thread | undefined;

  constructor(call: Call, caller: Thread | undefined) {
    super(call);
    this.caller = caller;
  }
}

/** Lets an allocator run in a thread of its own: what it keeps there is none of the caller's. */
export function inItsContext(linked: Linked, realloc: CoreFunction, instance: number): CoreFunction {
  const { implicit: thread } = new Call(ALLOCATION, linked.group(instance), () => {});
  return (...args) => {
    const before = cpu.thread;
    thread.storage.fill(0);
    cpu.thread = thread;
    try {
      return realloc(...args);
    } finally {
      cpu.thread = before;
    }
  };
}

const ALLOCATION: CallForm = {
  type: { params: [], result: undefined, async: false },
  isAsync: false,
  hasCallback: false,
  optionsKey: "",
};

/** What such a call has to say when it begins and ends. */
export function nestedThreads(linked: Linked, { type, instance, options }: FuncItem & { readonly is: "lifted" }) {
  const group = linked.group(instance);
  const form = { type, isAsync: false, hasCallback: false, optionsKey: optionsKey(options) };
  return {
    enter(): void {
      const call = new Call(form, group, () => {}, cpu.thread?.call);
      call.state = "started";
      const thread = new NestedThread(call, cpu.thread);
      call.register(thread);
      group.store.enterSync(call, (error) => linked.fail(error));
      cpu.thread = thread;
    },
    leave(): void {
      const { thread } = cpu;
      if (!(thread instanceof NestedThread)) return;
      thread.call.state = "resolved";
      group.store.leaveSync(thread.call);
      thread.call.unregister(thread);
      cpu.thread = thread.caller;
    },
  };
}

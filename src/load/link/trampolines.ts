/** The core functions that a component is given: lowered ones behind gates, fused ones, and those that make and drop handles. */
import type { ResourceId } from "../../abi/types.ts";
import type { CoreFunction, Ungated } from "../../wait/gate.ts";
import { FRONT_NEEDS } from "../../wait/lease-state.ts";
import type { ComponentInstance } from "./component-instance.ts";
import { DefinedResource } from "./defined-resource.ts";
import type { Caller } from "./fused.ts";
import { addToGroup, type GateGroup } from "./gate-groups.ts";
import { failing, gateless, refuseToLeave } from "./guards.ts";
import type { CoreItem, Options, Trampoline } from "../plan/items.ts";
import { LateAllocators } from "./late.ts";
import type { Linked } from "./link.ts";
import { asyncs, drops, fusing } from "../parts.ts";
import { UnsupportedComponentError } from "../unsupported.ts";

const NO_OPTIONS: Pick<Options, "memory" | "realloc"> = { memory: undefined, realloc: undefined };

/** Those of one instance. */
export class Trampolines {
  readonly #linked: Linked;
  readonly #made: (CoreFunction | undefined)[];
  #late: LateAllocators | undefined;
  #reallocs: Map<CoreItem, CoreFunction | undefined> | undefined;

  constructor(linked: Linked) {
    this.#linked = linked;
    // As large as it becomes: what grows has room for many more.
    this.#made = Array.from({ length: linked.compiled.plan.trampolines.length });
  }

  /** The trampoline of this number, if it has been made. */
  made(index: number): CoreFunction | undefined {
    return this.#made[index];
  }

  /** The allocator as a gate guards it, if one does. */
  guardedRealloc(item: CoreItem): CoreFunction | undefined {
    return this.#reallocs?.get(item);
  }

  /**
   * Makes the functions that the step needs: those behind gates first, since others may be made of them. What later steps
   * need goes behind the same gates if it can, since a gate is an instance more.
   */
  make(step: number): void {
    this.#late?.provide(
      (item) => this.#linked.isThere(item),
      (item) => this.#linked.coreFunction(item),
    );
    const groups: GateGroup[] = [];
    const others: (readonly [index: number, make: () => CoreFunction])[] = [];
    for (const index of this.#linked.compiled.trampolinesOf(step)) {
      const trampoline = this.#linked.compiled.plan.trampolines[index];
      if (!trampoline || this.#made[index]) continue;
      const prepared = this.#prepare(trampoline);
      if (typeof prepared === "function") others.push([index, prepared]);
      else this.#addToGroup(groups, trampoline, { index, ungated: prepared });
    }
    if (groups.length > 0) this.#addLater(step, groups);
    for (const group of groups) this.#openGate(group);
    for (const [index, make] of others) this.#made[index] = make();
  }

  #addLater(step: number, groups: GateGroup[]): void {
    for (const index of this.#linked.compiled.importedAfter(step)) {
      const trampoline = this.#linked.compiled.plan.trampolines[index];
      if (trampoline?.is !== "lower" || this.#made[index]) continue;
      const prepared = this.#prepare(trampoline);
      if (typeof prepared === "function") continue;
      const { memory } = trampoline.options;
      const needsMemory = prepared.front !== undefined && FRONT_NEEDS[prepared.front].memory === true;
      if (needsMemory && memory && !this.#linked.isThere(memory)) continue;
      this.#addToGroup(groups, trampoline, { index, ungated: prepared });
    }
  }

  #addToGroup(groups: GateGroup[], trampoline: Trampoline, member: GateGroup["members"][number]): void {
    const instance = trampoline.is === "unsupported" ? 0 : trampoline.instance;
    const { memory, realloc } =
      trampoline.is === "lower" || trampoline.is === "async" ? (trampoline.options ?? NO_OPTIONS) : NO_OPTIONS;
    // Who is made before it has no use for it in a gate.
    addToGroup(
      groups,
      { instance, memory: memory && this.#linked.isThere(memory) ? memory : undefined, realloc },
      member,
    );
  }

  #openGate({ instance: number, memory: memoryItem, realloc, members }: GateGroup): void {
    const instance = this.#linked.instance(number);
    const memory = this.#linked.memory(memoryItem);
    const { functions, realloc: guarded } = this.#linked.compiled.gates.gate(
      members.map(({ ungated }) => ungated),
      {
        task: this.#linked.host.task.gate,
        memory,
        realloc:
          realloc &&
          (this.#linked.isThere(realloc)
            ? this.#linked.coreFunction(realloc)
            : (this.#late ??= new LateAllocators()).tableFor(realloc)),
        staging: instance.lease?.staging(memory),
        threads: this.#linked.compiled.plan.isAsync ? this.#linked.concurrency.gateThreads : undefined,
        mayLeave: instance.mayLeave,
        refuse: refuseToLeave,
        failed: this.#linked.host.failed,
      },
    );
    for (const [at, { index }] of members.entries()) this.#made[index] = functions[at];
    if (realloc) (this.#reallocs ??= new Map()).set(realloc, guarded);
  }

  /** What is to be gated, or how the function is made once all gates are there. */
  #prepare(trampoline: Trampoline): Ungated | (() => CoreFunction) {
    switch (trampoline.is) {
      case "lower": {
        const { func, options, instance } = trampoline;
        const long = this.#linked.compiled.plan.isAsync ? asyncs.code.linkLowered(this.#linked, trampoline) : undefined;
        if (long) return long;
        const caller: Caller = { linked: this.#linked, options, instance, type: func.type };
        if (func.is === "lifted")
          return () => fusing.code.fusedFunction(caller, { type: func.type, linked: this.#linked, func });
        const lowered = this.#linked.host.lower(
          func,
          this.#linked.guest(options, instance),
          this.#linked.instance(instance).lease,
        );
        return "linked" in lowered
          ? () => fusing.code.fusedFunction(caller, lowered)
          : { ...lowered, holds: !func.type.async };
      }
      case "async":
        return asyncs.code.linkBuiltin(this.#linked, trampoline);
      case "resource.new":
        return this.#newFunction(trampoline.resource, this.#linked.instance(trampoline.instance));
      case "resource.rep":
        return () => this.#repFunction(trampoline.resource, this.#linked.instance(trampoline.instance));
      case "resource.drop":
        return this.#dropFunction(trampoline.resource, this.#linked.instance(trampoline.instance));
      case "unsupported":
        throw new UnsupportedComponentError(trampoline.what);
    }
  }

  #newFunction(id: ResourceId, { handles }: ComponentInstance): Ungated {
    const { type } = this.#linked.binding(id);
    const { task } = this.#linked.host;
    const attempt = (rep: number): number =>
      task.mustGiveWay() ? task.pendRetry(attempt, [rep]) : handles.own(type, rep >>> 0);
    return { ...gateless(["i32"], "i32", attempt), holds: true };
  }

  #repFunction(id: ResourceId, { handles }: ComponentInstance): CoreFunction {
    const { type } = this.#linked.binding(id);
    return failing((handle) => Number(handles.of(type, handle >>> 0).rep), this.#linked.host.failed);
  }

  #dropFunction(id: ResourceId, holder: ComponentInstance): Ungated | (() => CoreFunction) {
    const { type } = this.#linked.binding(id);
    if (type instanceof DefinedResource && type.destructor) {
      return () => drops.code.destroyingDrop(this.#linked, type, holder);
    }
    const { handles } = holder;
    const { resources } = this.#linked.host;
    return gateless(["i32"], undefined, (handle: number) => {
      resources.settle();
      handles.drop(type, handle >>> 0);
      return 0;
    });
  }
}

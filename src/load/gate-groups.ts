/** Which functions of a component are gated together: in one module, which costs more than all else of them. */
import type { Ungated } from "../wait/gate.ts";
import type { CoreItem, Options, Trampoline } from "./items.ts";

/** Functions of one component instance behind one gate: they have the same memory and allocator, or do without. */
export interface GateGroup {
  readonly instance: number;
  memory: CoreItem | undefined;
  realloc: CoreItem | undefined;
  readonly members: { readonly index: number; readonly ungated: Ungated }[];
}

/** Adds a function to the first group that it fits in, or to a new one. */
export function addToGroup(groups: GateGroup[], trampoline: Trampoline, member: GateGroup["members"][number]): void {
  const instance = trampoline.is === "unsupported" ? 0 : trampoline.instance;
  const { memory, realloc } =
    trampoline.is === "lower" || trampoline.is === "async" ? (trampoline.options ?? NO_OPTIONS) : NO_OPTIONS;
  const group = groups.find(
    (one) => one.instance === instance && isCompatible(one.memory, memory) && isCompatible(one.realloc, realloc),
  );
  if (!group) {
    groups.push({ instance, memory, realloc, members: [member] });
    return;
  }
  group.members.push(member);
  group.memory ??= memory;
  group.realloc ??= realloc;
}

const NO_OPTIONS: Pick<Options, "memory" | "realloc"> = { memory: undefined, realloc: undefined };

/** Whether one of two items will do for both. */
function isCompatible(a: CoreItem | undefined, b: CoreItem | undefined): boolean {
  if (!a || !b || a === b) return true;
  return a.is === "export" && b.is === "export" && a.instance.index === b.instance.index && a.name === b.name;
}

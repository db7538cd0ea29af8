/** Which functions of a component are gated together: in one module, which costs more than all else of them. */
import type { Ungated } from "../../wait/gate.ts";
import type { CoreItem } from "../plan/items.ts";

/** Functions of one component instance behind one gate: they have the same memory and allocator, or do without. */
export interface GateGroup {
  readonly instance: number;
  memory: CoreItem | undefined;
  realloc: CoreItem | undefined;
  readonly members: { readonly index: number; readonly ungated: Ungated }[];
}

/** Adds a function to the first group that it fits in, or to a new one. */
export function addToGroup(
  groups: GateGroup[],
  { instance, memory, realloc }: Omit<GateGroup, "members">,
  member: GateGroup["members"][number],
): void {
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

/** Whether one of two items will do for both. */
export function isCompatible(a: CoreItem | undefined, b: CoreItem | undefined): boolean {
  if (!a || !b || a === b) return true;
  return a.is === "export" && b.is === "export" && a.instance.index === b.instance.index && a.name === b.name;
}

/** What one instance holds of messages, within its limits. */
import { Trap } from "../../io/trap.ts";
import { FieldMemory } from "../../wasi/http/field-memory.ts";
import type { Instance } from "../instance.ts";

const memories = new WeakMap<Instance, FieldMemory>();
const bodies = new WeakMap<Instance, number>();

/** All its fields: they share a limit. */
export function fieldMemoryOf(instance: Instance): FieldMemory {
  let memory = memories.get(instance);
  if (!memory) memories.set(instance, (memory = new FieldMemory(instance.world.limits.fieldBytes)));
  return memory;
}

/** Counts one more body that is written, until all of it is sent. @returns What to call then. @throws {Trap} */
export function openBody(instance: Instance): () => void {
  const limit = instance.world.limits.sockets;
  const open = bodies.get(instance) ?? 0;
  if (open >= limit) {
    throw new Trap("11.13", `this instance already writes ${limit} bodies of HTTP (limits.sockets)`);
  }
  bodies.set(instance, open + 1);
  return () => void bodies.set(instance, (bodies.get(instance) ?? 0) - 1);
}

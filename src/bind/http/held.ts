/** What one instance holds of messages, within its limits. */
import { Trap } from "../../io/trap.ts";
import { FieldMemory } from "../../wasi/http/field-memory.ts";
import type { World } from "../../wasi/world.ts";
import type { Instance } from "../instance.ts";

const memories = new WeakMap<World, FieldMemory>();
const bodies = new WeakMap<World, number>();

/** All its fields: they share a limit. */
export function fieldMemoryOf({ world }: Instance): FieldMemory {
  let memory = memories.get(world);
  if (!memory) memories.set(world, (memory = new FieldMemory(world.limits.fieldBytes)));
  return memory;
}

/** Counts one more body that is written, until all of it is sent. @returns What to call then. @throws {Trap} */
export function openBody({ world }: Instance): () => void {
  const limit = world.limits.sockets;
  const open = bodies.get(world) ?? 0;
  if (open >= limit) {
    throw new Trap("11.13", `this instance already writes ${limit} bodies of HTTP (limits.sockets)`);
  }
  bodies.set(world, open + 1);
  return () => void bodies.set(world, (bodies.get(world) ?? 0) - 1);
}

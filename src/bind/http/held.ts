/** What one instance holds of messages, within its limits. */
import { Trap } from "../../io/trap.ts";
import { FieldMemory } from "../../wasi/http/field-memory.ts";
import type { Instance } from "../instance.ts";

/** What an instance holds until it is over. What it still has under way then keeps to this, if it begins anew. */
export interface HeldMessages {
  readonly fields: FieldMemory;
  /** Those that are written. */
  bodies: number;
}

function heldBy(instance: Instance): HeldMessages {
  return (instance.messages ??= { fields: new FieldMemory(instance.world.limits.fieldBytes), bodies: 0 });
}

/** All its fields: they share a limit. */
export function fieldMemoryOf(instance: Instance): FieldMemory {
  return heldBy(instance).fields;
}

/** Counts one more body that is written, until all of it is sent. @returns What to call then. @throws {Trap} */
export function openBody(instance: Instance): () => void {
  const limit = instance.world.limits.sockets;
  const held = heldBy(instance);
  if (held.bodies >= limit) {
    throw new Trap("11.13", `this instance already writes ${limit} bodies of HTTP (limits.sockets)`);
  }
  held.bodies++;
  return () => void held.bodies--;
}

import { Instance } from "../../src/bind/instance.ts";
import { INTERFACES } from "../../src/bind/interfaces.ts";
import { LOWER, type JcoLowerOptions, type JcoTable } from "../../src/bind/jco.ts";
import { Task } from "../../src/bind/task.ts";
import { nodePlatform } from "../../src/hosts/node/platform.ts";
import { ExitError, type InstanceOptions, type Input, type Output } from "../../src/index.ts";
import { makeWorld } from "../../src/run/world.ts";
import type { World } from "../../src/wasi/world.ts";

/** The bit by which the glue of jco marks a rep that is owned, and a free place in a table. */
const FLAG = 1 << 30;

/** A guest without a component: memory, an allocator, handle tables, and every function of every interface, lowered. */
export class BareGuest {
  readonly memory = new WebAssembly.Memory({ initial: 1 });
  readonly instance: Instance;
  readonly world: World;
  /** The allocator never frees; where it begins is far from what tests use by hand. */
  #top = 32 * 1024;

  constructor(options: InstanceOptions<Input, Output> = {}, leases = true) {
    this.world = makeWorld(nodePlatform, options, (code) => {
      throw new ExitError(code);
    });
    this.instance = new Instance(this.world.limits, new Task(nodePlatform.loop), {
      trace: options.trace,
      leases,
    });
  }

  get view(): DataView {
    return new DataView(this.memory.buffer);
  }

  /** @param path Such as `["wasi:io/streams", "OutputStream", "checkWrite"]`. */
  lower(path: readonly [string, ...string[]], tables: readonly JcoTable[]): (...args: unknown[]) => unknown {
    const [name, ...members] = path;
    let found: unknown = INTERFACES.get(name)?.(this.instance, this.world);
    for (const member of members) {
      const owner = typeof found === "function" ? (found as { prototype: object }).prototype : found;
      found = (owner as Record<string, unknown>)[member];
    }
    return lowerWith(found, {
      memory: this.memory,
      realloc: (_old, _oldSize, align, size) => this.#allocate(align, size),
      resourceTables: tables,
    });
  }

  #allocate(align: number, size: number): number {
    const at = (this.#top + align - 1) & ~(align - 1);
    if (at + size > this.memory.buffer.byteLength) throw new WebAssembly.RuntimeError("the guest is out of memory");
    this.#top = at + size;
    return at;
  }
}

export function lowerWith(fn: unknown, options: JcoLowerOptions): (...args: unknown[]) => unknown {
  const { [LOWER]: factory } = fn as { [LOWER]: (options: JcoLowerOptions) => (...args: unknown[]) => unknown };
  return factory(options);
}

/** A handle table as the glue makes it. */
export function emptyTable(): JcoTable {
  return [FLAG, 0];
}

/** What the glue does when a guest drops a handle; gives the rep. */
export function removeHandle(table: JcoTable, handle: number): number {
  const rep = (table[(handle << 1) + 1] ?? 0) & ~FLAG;
  table[handle << 1] = (table[0] ?? 0) | FLAG;
  table[0] = handle | FLAG;
  return rep;
}

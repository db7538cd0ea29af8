/**
 * The one place that knows how the glue that jco generates calls its host: the symbols, the form of its handle tables,
 * and what it passes to a function that lowers itself.
 */
import type { GuestParts, HandleTable } from "./guest.ts";

/** On a function: a factory of its lowered form. On a class and its prototype: see below. */
export const LOWER: unique symbol = Symbol.for("cabiLower");
/** On a resource class: what to call with the rep when a guest drops a handle of its own. */
export const DISPOSE: unique symbol = Symbol.for("cabiDispose");
/** On an instance of a resource class: its rep. */
export const REP: unique symbol = Symbol.for("cabiRep");

/** The glue marks with this bit: a rep that the guest owns, and a place that is free. */
const FLAG = 1 << 30;

/**
 * A handle table of the glue: pairs of numbers. Of handle h, `[2h]` is the scope of a borrow (0 for an own handle; the
 * flag marks a free place, with the next free one), `[2h + 1]` the rep, flagged if it is owned. Handle 0 is the head
 * of the list of free places.
 */
export type JcoTable = number[];

/** What the glue passes to a factory: as much of it as the function needs. */
export interface JcoLowerOptions {
  readonly memory?: { readonly buffer: ArrayBuffer };
  readonly realloc?: (old: number, oldSize: number, align: number, size: number) => number;
  readonly resourceTables?: readonly JcoTable[];
}

/** The rep behind `handle`, or 0: a handle that is unknown, free, or no handle at all. */
export function repOf(table: JcoTable, handle: number): number {
  const at = handle << 1;
  const rep = table[at + 1];
  // A free place keeps its old rep, so the flag on the scope decides. Bits beyond the table give undefined.
  return rep === undefined || ((table[at] ?? FLAG) & FLAG) !== 0 ? 0 : rep & ~FLAG;
}

class JcoHandles implements HandleTable {
  readonly #table: JcoTable;

  constructor(table: JcoTable) {
    this.#table = table;
  }

  repOf(handle: number): number {
    return repOf(this.#table, handle);
  }

  insert(rep: number): number {
    const table = this.#table;
    const free = (table[0] ?? 0) & ~FLAG;
    if (free === 0) {
      table.push(0, rep | FLAG);
      return (table.length >> 1) - 1;
    }
    table[0] = table[free << 1] ?? 0;
    table[free << 1] = 0;
    table[(free << 1) + 1] = rep | FLAG;
    return free;
  }
}

/** The handle tables of one instance: each array of the glue has one adapter, so that tables can be told apart. */
export class JcoTables {
  readonly #handles = new Map<JcoTable, HandleTable>();

  parts(options: JcoLowerOptions): GuestParts {
    return {
      memory: options.memory,
      realloc: options.realloc,
      tables: (options.resourceTables ?? []).map((table) => this.#of(table)),
    };
  }

  #of(table: JcoTable): HandleTable {
    let handles = this.#handles.get(table);
    if (!handles) this.#handles.set(table, (handles = new JcoHandles(table)));
    return handles;
  }
}

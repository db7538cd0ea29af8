/** The handle tables of jco's glue, and which of them is for what. */
import { HandleCount, HandleTable, type Handle, type ResourceType } from "../abi/handles.ts";
import { entryOf, type Entry, type Resources } from "../abi/resources.ts";

/** The glue marks with this bit: a rep that the guest owns, and a place that is free. */
const FLAG = 1 << 30;

/**
 * A handle table of the glue: pairs of numbers. Of handle h, `[2h]` is the scope of a borrow (0 for an own handle; the
 * flag marks a free place, with the next free one), `[2h + 1]` the rep, flagged if it is owned. Handle 0 is the head
 * of the list of free places.
 */
export type JcoTable = number[];

/**
 * What is known of the tables of an instance. A function is given as many tables as there are kinds of resources in its
 * types, in an order that depends on the component: a table is for a kind that all functions that have it have.
 */
export class TableKinds {
  readonly #known = new Map<JcoTable, ResourceType>();
  readonly #possible = new Map<JcoTable, ReadonlySet<ResourceType>>();

  /** A function has these tables, for these kinds. */
  learn(tables: readonly JcoTable[], kinds: ReadonlySet<ResourceType>): void {
    if (tables.length !== kinds.size) return;
    for (const table of tables) {
      const before = this.#possible.get(table) ?? kinds;
      this.#possible.set(table, new Set([...before].filter((kind) => kinds.has(kind))));
    }
  }

  has(table: JcoTable): boolean {
    return this.#known.has(table);
  }

  get(table: JcoTable): ResourceType | undefined {
    return this.#known.get(table);
  }

  set(table: JcoTable, kind: ResourceType): void {
    this.#known.set(table, kind);
  }

  /** Which of a function's tables is for a kind, if that is certain. */
  known(tables: readonly JcoTable[], kind: ResourceType): JcoTable | undefined {
    const certain = tables.find((table) => this.#known.get(table) === kind);
    if (certain) return certain;
    this.#conclude(tables);
    return tables.find((table) => this.#known.get(table) === kind);
  }

  /** A table that can only be for one kind is for it, and then no other of the same function is. */
  #conclude(tables: readonly JcoTable[]): void {
    for (let left = tables.length; left > 0; left--) {
      const taken = new Set(tables.map((table) => this.#known.get(table)));
      for (const table of tables) {
        if (this.#known.has(table)) continue;
        const [kind, ...others] = [...(this.#possible.get(table) ?? [])].filter((each) => !taken.has(each));
        if (kind && others.length === 0) this.#known.set(table, kind);
      }
    }
  }
}

/** The rep behind `handle`, or 0: a handle that is unknown, free, or no handle at all. */
function repOf(table: JcoTable, handle: number): number {
  if (handle >= FLAG) return 0;
  const at = handle << 1;
  const rep = table[at + 1];
  // A free place keeps its old rep, so the flag on the scope decides. Bits beyond the table give undefined.
  return rep === undefined || ((table[at] ?? FLAG) & FLAG) !== 0 ? 0 : rep & ~FLAG;
}

function insert(table: JcoTable, rep: number): number {
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

/** The place is free from now on, and the first that is used again. @param handle A live one. */
function remove(table: JcoTable, handle: number): void {
  table[handle << 1] = (table[0] ?? 0) | FLAG;
  table[0] = handle | FLAG;
}

/**
 * The tables that one function is given. The glue gives them in an order that depends on the component, so they are
 * recognised by what is in them: a table that holds, under a handle, a rep of a kind is of this kind.
 */
export class JcoHandles extends HandleTable {
  readonly #tables: readonly JcoTable[];
  readonly #kinds: TableKinds;
  readonly #resources: Resources;

  /** @param kinds What is known so far about the tables of this instance; shared by all its functions. */
  constructor(tables: readonly JcoTable[], kinds: TableKinds, resources: Resources) {
    super(new HandleCount(0));
    this.#tables = tables;
    this.#kinds = kinds;
    this.#resources = resources;
  }

  override find(type: ResourceType, index: number): Handle | undefined {
    const known = this.#kinds.known(this.#tables, type);
    const entry = known ? this.#entry(known, index) : this.#recognised(type, index);
    return entry?.kind === type ? { type, rep: entry, scope: undefined, lends: 0 } : undefined;
  }

  override own(type: ResourceType, rep: unknown): number {
    const table = this.#kinds.known(this.#tables, type) ?? this.#onlyUnknown(type);
    this.#kinds.set(table, type);
    return insert(table, entryOf(rep).rep);
  }

  override take(type: ResourceType, index: number): unknown {
    const { rep } = this.of(type, index);
    // Known since it was found there.
    const table = this.#kinds.known(this.#tables, type);
    if (table) remove(table, index);
    return rep;
  }

  #entry(table: JcoTable, index: number): Entry | undefined {
    return this.#resources.get(repOf(table, index));
  }

  #recognised(type: ResourceType, index: number): Entry | undefined {
    for (const table of this.#tables) {
      if (this.#kinds.has(table)) continue;
      const entry = this.#entry(table, index);
      if (entry?.kind !== type) continue;
      this.#kinds.set(table, type);
      return entry;
    }
    return undefined;
  }

  #onlyUnknown(type: ResourceType): JcoTable {
    const unknown = this.#tables.filter((table) => !this.#kinds.has(table));
    const [table] = unknown;
    if (!table || unknown.length > 1) {
      throw new Error(`Cannot tell which of ${unknown.length} handle tables is for ${type.name}`);
    }
    return table;
  }
}

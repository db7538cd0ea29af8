import { Trap } from "../io/trap.ts";
import type { Kind, Entry, Resources } from "./resources.ts";

/** A guest's table of handles for one kind of resource. `bind/jco.ts` has the only implementation. */
export interface HandleTable {
  /** The rep behind `handle`, or 0 if the guest holds no such handle. */
  repOf(handle: number): number;
  /** Gives the guest a handle of its own on `rep`. */
  insert(rep: number): number;
}

/** What the glue around a component hands to a lowered function. */
export interface GuestParts {
  readonly memory: { readonly buffer: ArrayBuffer } | undefined;
  readonly realloc: ((old: number, oldSize: number, align: number, size: number) => number) | undefined;
  readonly tables: readonly HandleTable[];
}

const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
const encoder = new TextEncoder();
const EMPTY_BUFFER = new ArrayBuffer(0);

/**
 * The guest as one lowered function sees it: memory, allocation, handles. Whatever the guest passes is checked here;
 * a pointer or a handle that is not its own is a trap.
 */
export class Guest {
  readonly #memory: GuestParts["memory"];
  readonly #realloc: GuestParts["realloc"];
  readonly #tables: readonly HandleTable[];
  readonly #kinds: Map<HandleTable, Kind<unknown>>;
  readonly resources: Resources;
  #bytes: Uint8Array = new Uint8Array(EMPTY_BUFFER);
  #view: DataView = new DataView(EMPTY_BUFFER);
  #slice: Uint8Array = this.#bytes;

  /** @param kinds What is known so far about the tables of this instance; shared by all its functions. */
  constructor(parts: GuestParts, resources: Resources, kinds: Map<HandleTable, Kind<unknown>>) {
    this.#memory = parts.memory;
    this.#realloc = parts.realloc;
    this.#tables = parts.tables;
    this.resources = resources;
    this.#kinds = kinds;
  }

  /** All of the guest's memory. Do not keep: it goes stale when the memory grows. */
  get memory(): Uint8Array {
    // A view is detached, and then empty, once the memory has grown.
    if (this.#bytes.length === 0) this.#refresh();
    return this.#bytes;
  }

  /** As `memory`. */
  get view(): DataView {
    if (this.#bytes.length === 0) this.#refresh();
    return this.#view;
  }

  /** The guest's own bytes, in place. @throws {Trap} If they are not all inside its memory. */
  bytes(pointer: number, length: number): Uint8Array {
    const start = pointer >>> 0;
    const end = start + (length >>> 0);
    const { memory } = this;
    if (end > memory.length) throw outside(start, length >>> 0, memory.length);
    const slice = this.#slice;
    // Guests write from one buffer again and again. Gains 40 of 80 ns: `npm run bench calls`, rows write of 4096.
    if (slice.byteOffset === start && slice.length === end - start) return slice;
    return (this.#slice = memory.subarray(start, end));
  }

  /** Checks a place where `size` bytes, aligned to `align`, are to be read or stored, and gives it unsigned. */
  place(pointer: number, size: number, align: number): number {
    const start = pointer >>> 0;
    const { memory } = this;
    if (start + size > memory.length) throw outside(start, size, memory.length);
    if ((start & (align - 1)) !== 0) throw new Trap("1.1", `pointer ${start} is not aligned to ${align} bytes`);
    return start;
  }

  /** Lets the guest allocate `size` bytes of its own memory. */
  allocate(size: number, align: number): number {
    if (!this.#realloc) throw new Trap("1.1", "the component offers no cabi_realloc for what it asked for");
    return this.place(this.#realloc(0, 0, align, size), size, align);
  }

  /** @throws {Trap} If it is not UTF-8. */
  text(pointer: number, length: number): string {
    const bytes = this.bytes(pointer, length);
    try {
      return decoder.decode(bytes);
    } catch {
      throw new Trap("1.1", `a string of ${length >>> 0} bytes is not valid UTF-8`);
    }
  }

  /** Stores `bytes` as a list of the guest's own at `at`: pointer, then length. */
  storeBytes(at: number, bytes: Uint8Array): void {
    const pointer = this.allocate(bytes.length, 1);
    this.memory.set(bytes, pointer);
    this.view.setUint32(at, pointer, true);
    this.view.setUint32(at + 4, bytes.length, true);
  }

  storeText(at: number, text: string): void {
    this.storeBytes(at, encoder.encode(text));
  }

  /** Stores the first `count` of `values` as a list of the guest's own at `at`. */
  storeU32s(at: number, values: readonly number[], count: number): void {
    const pointer = this.allocate(count * 4, 4);
    const { view } = this;
    for (let index = 0; index < count; index++) view.setUint32(pointer + index * 4, values[index] ?? 0, true);
    view.setUint32(at, pointer, true);
    view.setUint32(at + 4, count, true);
  }

  /** For the hot paths: what `lookup` does for one kind, at the cost of one table access once its table is known. */
  lens<T>(kind: Kind<T>): { get(handle: number): T } {
    let table: HandleTable | undefined;
    const resources = this.resources;
    return {
      get: (handle) => {
        const entry = table === undefined ? undefined : resources.get(table.repOf(handle));
        // What is stored under a kind is of the kind's type, by the signature of `Resources.add`.
        if (entry !== undefined && entry.kind === kind) return entry.value as T;
        const found = this.lookup(kind, handle);
        table = this.#knownTable(kind);
        return found.value as T;
      },
    };
  }

  /** The live resource behind `handle`. @throws {Trap} If the guest holds no such handle of this kind. */
  lookup(kind: Kind<unknown>, handle: number): Entry {
    const table = this.#tableOf(kind, handle);
    const entry = table ? this.resources.get(table.repOf(handle)) : undefined;
    if (entry?.kind !== kind) {
      throw new Trap("1.2", `unknown handle: ${handle} is not a live ${kind.name} of this instance`);
    }
    return entry;
  }

  /** Gives the guest a handle on `entry`. Call after `lookup` for the handles among the parameters. */
  insert(entry: Entry): number {
    const table = this.#tableOf(entry.kind, undefined) ?? this.#onlyUnknown(entry.kind);
    this.#kinds.set(table, entry.kind);
    return table.insert(entry.rep);
  }

  /**
   * The table for `kind`. The glue gives the tables of a function in an order that depends on the component, so they
   * are recognised by what is in them: a table that holds, under `handle`, a rep of this kind is of this kind.
   */
  #tableOf(kind: Kind<unknown>, handle: number | undefined): HandleTable | undefined {
    const known = this.#knownTable(kind);
    if (known || handle === undefined) return known;
    const found = this.#tables.find(
      (table) => !this.#kinds.has(table) && this.resources.get(table.repOf(handle))?.kind === kind,
    );
    if (found) this.#kinds.set(found, kind);
    return found;
  }

  #knownTable(kind: Kind<unknown>): HandleTable | undefined {
    return this.#tables.find((table) => this.#kinds.get(table) === kind);
  }

  #onlyUnknown(kind: Kind<unknown>): HandleTable {
    const unknown = this.#tables.filter((table) => !this.#kinds.has(table));
    const [table] = unknown;
    if (!table || unknown.length > 1) {
      throw new Error(`Cannot tell which of ${unknown.length} handle tables is for ${kind.name}`);
    }
    return table;
  }

  #refresh(): void {
    const buffer = this.#memory?.buffer ?? EMPTY_BUFFER;
    this.#bytes = new Uint8Array(buffer);
    this.#view = new DataView(buffer);
    this.#slice = this.#bytes;
  }
}

function outside(start: number, length: number, size: number): Trap {
  return new Trap("1.1", `${length} bytes at ${start} are outside the guest's memory of ${size} bytes`);
}

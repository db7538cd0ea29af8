/** Core instances, put back to what they were when they were made. */
import { Clearing, type Pages } from "./clearing.ts";
import type { StateNames, StateSort } from "./core-state.ts";
import type { Linked } from "../link/link.ts";

/** Bytes of memory that are looked at together: whether all of them are 0. */
const BLOCK = 4096;

/** Bytes that memories may have grown by: what is more is given to others, rather than cleared. */
const MOST_GROWN = 16 * 1024 * 1024;

/** A run of bytes that are not all 0. */
interface Run {
  readonly at: number;
  readonly bytes: Uint8Array;
}

/** A memory, as it is when an instance of a module has been made: the same for all of them. */
class MemoryImage {
  readonly byteLength: number;
  readonly runs: readonly Run[];
  /** What is between the runs: bytes that are 0. */
  readonly gaps: readonly Gap[];

  constructor(buffer: ArrayBuffer) {
    this.byteLength = buffer.byteLength;
    this.runs = runsOf(new Uint8Array(buffer));
    const ends = [0, ...this.runs.map(({ at, bytes }) => at + bytes.length)];
    const starts = [...this.runs.map(({ at }) => at), this.byteLength];
    this.gaps = ends.map((from, index) => ({ from, to: starts[index] ?? from })).filter(({ from, to }) => from < to);
  }
}

interface Gap {
  readonly from: number;
  readonly to: number;
}

/** A memory of one instance. */
class MemoryState {
  readonly #memory: Memory;
  readonly #image: MemoryImage;
  /** Of all that is cleared, in a memory of so many bytes. */
  #clearings: readonly Clearing[] = [];
  #clearedBytes = 0;

  constructor(memory: Memory, image: MemoryImage) {
    this.#memory = memory;
    this.#image = image;
  }

  get byteLength(): number {
    return this.#memory.buffer.byteLength;
  }

  putBack(pages: Pages | undefined, faults: number | undefined): void {
    const bytes = new Uint8Array(this.#memory.buffer);
    for (const run of this.#image.runs) bytes.set(run.bytes, run.at);
    if (!pages) {
      for (const { from, to } of this.#gapsIn(bytes.length)) bytes.fill(0, from, to);
      return;
    }
    if (bytes.length !== this.#clearedBytes) {
      this.#clearings = this.#gapsIn(bytes.length).map(({ from, to }) => new Clearing(from, to, pages));
      this.#clearedBytes = bytes.length;
    }
    for (const clearing of this.#clearings) clearing.clear(bytes, faults);
  }

  /** All that was 0, or was not there. */
  #gapsIn(length: number): readonly Gap[] {
    const { byteLength, gaps } = this.#image;
    return length > byteLength ? [...gaps, { from: byteLength, to: length }] : gaps;
  }
}

function runsOf(bytes: Uint8Array): Run[] {
  const words = new Int32Array(bytes.buffer, 0, bytes.length >> 2);
  const runs: Run[] = [];
  let start = -1;
  const end = (to: number): void => {
    if (start >= 0) runs.push({ at: start, bytes: bytes.slice(start, to) });
    start = -1;
  };
  for (let at = 0; at < bytes.length; at += BLOCK) {
    if (isZero(words, at >>> 2)) end(at);
    else if (start < 0) start = at;
  }
  end(bytes.length);
  return runs;
}

/** Whether all of a block is 0. One that is not whole counts as if it were not. */
function isZero(words: Int32Array, from: number): boolean {
  for (let at = from; at < from + (BLOCK >> 2); at++) {
    if (words[at] !== 0) return false;
  }
  return true;
}

/** The memories of a component, for all its instances. */
export type MemoryImages = readonly MemoryImage[];

/** What a core instance exports, under types that need no declarations of WebAssembly. */
interface Memory {
  readonly buffer: ArrayBuffer;
}

interface Global {
  value: unknown;
}

interface Table {
  readonly length: number;
  get(index: number): unknown;
  set(index: number, entry: unknown): void;
}

interface GlobalState {
  readonly cell: Global;
  readonly value: unknown;
}

interface TableState {
  readonly table: Table;
  readonly entries: readonly unknown[];
}

/** A core instance, and by which names it exports its state. */
type Visible = readonly [exports: Readonly<Record<string, unknown>>, names: StateNames];

/** What is visible of the state of a component instance: all of it, or nothing. */
function visibleOf({ compiled, core }: Linked): readonly Visible[] | undefined {
  if (!compiled.states) return undefined;
  return compiled.plan.steps.map(({ module }, index): Visible => {
    const names = compiled.stateOf(module);
    if (!names) throw new Error("A component that keeps its state has core modules of its own alone");
    return [core[index] ?? {}, names];
  });
}

/** What the core instances of one component instance are, just made. */
export class Snapshot {
  readonly images: MemoryImages;
  readonly #memories: readonly MemoryState[];
  readonly #globals: readonly GlobalState[];
  readonly #tables: readonly TableState[];

  private constructor(instances: readonly Visible[], sizes: readonly Memory[], images: MemoryImages | undefined) {
    // The module exports what its names say.
    const all = <T>(sort: StateSort): T[] =>
      instances.flatMap(([exports, names]) => names[sort].map((name) => exports[name] as T));
    const memories = [...all<Memory>("memories"), ...sizes];
    this.#globals = all<Global>("globals").map((cell) => ({ cell, value: cell.value }));
    this.#tables = all<Table>("tables").map((table) => ({
      table,
      entries: Array.from({ length: table.length }, (_, index) => table.get(index)),
    }));
    this.images = images ?? memories.map(({ buffer }) => new MemoryImage(buffer));
    this.#memories = this.images.flatMap((image, index) => {
      const memory = memories[index];
      return memory ? new MemoryState(memory, image) : [];
    });
  }

  /**
   * Of one that was made and not used; `undefined` where not all of its state can be reached.
   *
   * @param images Of another instance of the same component, if there was one: nothing that an instance does while it is
   * made can differ, where it calls nobody.
   */
  static of(linked: Linked, images?: MemoryImages): Snapshot | undefined {
    const visible = visibleOf(linked);
    return visible && new Snapshot(visible, linked.sizes?.memories ?? [], images);
  }

  /** Bytes of memory. */
  get byteLength(): number {
    return this.#memories.reduce((sum, { byteLength }) => sum + byteLength, 0);
  }

  /**
   * Whether all is as it was. It is not if a table has grown, or a memory by much.
   *
   * @param pages Missing: all memory is written.
   */
  putBack(pages: Pages | undefined): boolean {
    if (this.byteLength > this.images.reduce((sum, { byteLength }) => sum + byteLength, 0) + MOST_GROWN) return false;
    for (const { table, entries } of this.#tables) if (table.length !== entries.length) return false;
    const faults = pages?.faults();
    for (const memory of this.#memories) memory.putBack(pages, faults);
    for (const { cell, value } of this.#globals) cell.value = value;
    for (const { table, entries } of this.#tables) {
      for (const [index, entry] of entries.entries()) {
        if (table.get(index) !== entry) table.set(index, entry);
      }
    }
    return true;
  }
}

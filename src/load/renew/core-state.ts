/**
 * What a core module changes while it runs, made visible: memories, globals and tables under names that no other has, so
 * that an instance can be put back to what it was when it was made.
 */
import { constant, MEMORY, unsigned } from "../../abi/encode.ts";
import { skipConstant } from "../decode/core-module.ts";
import {
  changesTables,
  GROW_TYPE,
  growBody,
  rewriteSizes,
  sizeInGlobal,
  sizeInMemory,
  type KeptSize,
} from "./core-size.ts";
import { coreExtern, globalType, limits, recursiveTypes, tableType } from "../decode/core.ts";
import { joined } from "../joined.ts";
import { SIZE } from "./shared-sizes.ts";
import { InvalidComponentError } from "../invalid-component.ts";
import { Reader } from "../decode/reader.ts";

/** By which names the state of an instance is exported. */
export interface StateNames {
  readonly memories: readonly string[];
  readonly globals: readonly string[];
  readonly tables: readonly string[];
  /** Where it imports a memory whose size it asks for, or changes: that is in another memory, which it imports as SIZE. */
  readonly sized: readonly [module: string, name: string] | undefined;
}

/** What is exported of it. */
export type StateSort = "memories" | "globals" | "tables";

export interface Exposed {
  readonly bytes: Uint8Array;
  readonly names: StateNames;
  /** Whether its code may change what is in a table, of its own or of another module. */
  readonly changesTables: boolean;
  /** Whether it keeps the size of a memory of its own. */
  readonly keepsOwnSize: boolean;
}

/** What the names begin with. */
const PREFIX = "\0state ";

/**
 * The module with all its state exported. `undefined` if that is not all that can change: segments that can be dropped,
 * references to what can change, memory that threads share, or what is not known.
 */
export function exposed(bytes: Uint8Array): Exposed | undefined {
  try {
    return new StateReader().module(bytes);
  } catch (error) {
    if (error instanceof InvalidComponentError || error instanceof HiddenState) return undefined;
    throw error;
  }
}

/** There is state that nobody reaches from outside. */
class HiddenState extends Error {}

/** Of what is exported: its code in the binary form. */
const CODES = { tables: 0x01, memories: 0x02, globals: 0x03 } as const;

/** Sections in the order in which they stand. */
const ORDER = [1, 2, 3, 4, 5, 13, 6, 7, 8, 9, 12, 10, 11];
const CODE = 10;

const NUMBERS: ReadonlySet<string | undefined> = new Set(["i32", "i64", "f32", "f64"]);
const FUNCREF = "ref null 0x70";

class StateReader {
  /** How many there are, imported ones too. */
  readonly #counts = { tables: 0, memories: 0, globals: 0, functions: 0, types: 0 };
  readonly #found: (readonly [sort: StateSort, index: number])[] = [];
  /** The pages that a memory of its own has at first, by its number; `undefined` for one whose size cannot be kept. */
  readonly #pages = new Map<number, number | undefined>();
  /** By which names memories are imported, where that is one alone, of the usual kind. */
  readonly #imported: (readonly [module: string, name: string] | undefined)[] = [];
  #sized: StateNames["sized"];
  #keepsOwnSize = false;
  readonly #sections = new Map<number, Uint8Array>();
  readonly #custom: Uint8Array[] = [];

  module(bytes: Uint8Array): Exposed {
    const reader = new Reader(bytes);
    reader.skip(8);
    while (!reader.atEnd) {
      const id = reader.byte();
      const size = reader.u32();
      const from = reader.offset;
      this.#section(id, reader.part(size));
      const content = bytes.subarray(from, from + size);
      if (id !== 0) this.#sections.set(id, content);
      // What is said of places in code is no longer true where that has changed.
      else if (!new Reader(content).name().startsWith("metadata.code.")) this.#custom.push(content);
    }
    const code = this.#sections.get(CODE);
    const changes = code !== undefined && changesTables(code);
    this.#keepSizes();
    const names = this.#exportAll();
    const ordered = ORDER.flatMap((id) => {
      const content = this.#sections.get(id);
      return content ? [Uint8Array.of(id, ...unsigned(content.length)), content] : [];
    });
    const custom = this.#custom.flatMap((content) => [Uint8Array.of(0, ...unsigned(content.length)), content]);
    return {
      bytes: joined([bytes.subarray(0, 8), ...ordered, ...custom]),
      names,
      changesTables: changes,
      keepsOwnSize: this.#keepsOwnSize,
    };
  }

  #section(id: number, reader: Reader): void {
    switch (id) {
      case 1:
        reader.list(() => (this.#counts.types += recursiveTypes(reader).length));
        return;
      case 2:
        reader.list(() => this.#import(reader));
        return;
      case 3:
        this.#counts.functions += reader.u32();
        return;
      case 4:
        reader.list(() => this.#table(reader));
        return;
      case 5:
        reader.list(() => this.#memory(reader));
        return;
      case 6:
        reader.list(() => this.#global(reader));
        return;
      case 7:
        reader.list(() => skipExport(reader));
        return;
      case 9:
        reader.list(() => skipElements(reader));
        return;
      case 11:
        reader.list(() => skipData(reader));
        return;
      default:
    }
  }

  /** What is imported is the state of who exports it. */
  #import(reader: Reader): void {
    const names = [reader.name(), reader.name()] as const;
    if (names[0] === SIZE[0]) throw new HiddenState();
    const type = coreExtern(reader);
    const { sort } = type;
    if (sort === "core func") this.#counts.functions++;
    else if (sort === "core table") this.#counts.tables++;
    else if (sort === "core memory") {
      this.#counts.memories++;
      this.#imported.push(type.limits.is64 || type.limits.isShared ? undefined : names);
    } else if (sort === "core global") this.#counts.globals++;
  }

  #table(reader: Reader): void {
    if (reader.peek() === 0x40) throw new HiddenState();
    // Other references lead to what can change.
    if (tableType(reader).element !== FUNCREF) throw new HiddenState();
    this.#find("tables");
  }

  #memory(reader: Reader): void {
    const hasPlainPages = reader.peek() < 0x08;
    const { isShared, is64, min } = limits(reader);
    if (isShared) throw new HiddenState();
    this.#pages.set(this.#counts.memories, is64 || !hasPlainPages ? undefined : min);
    this.#find("memories");
  }

  #global(reader: Reader): void {
    const type = globalType(reader);
    // All that `globalType` gives.
    if (type.sort !== "core global" || !skipConstant(reader)) throw new HiddenState();
    if (type.isMutable) {
      if (!NUMBERS.has(type.value)) throw new HiddenState();
      this.#find("globals");
      return;
    }
    if (!NUMBERS.has(type.value) && type.value !== "v128" && type.value !== FUNCREF) throw new HiddenState();
    this.#counts.globals++;
  }

  #find(sort: StateSort): number {
    const index = this.#counts[sort]++;
    this.#found.push([sort, index]);
    return index;
  }

  /**
   * No memory can shrink, so the guest is told of a size that can: it is kept elsewhere, and what the memory grows by is
   * taken of what there is first.
   */
  #keepSizes(): void {
    const code = this.#sections.get(CODE);
    if (!code) return;
    const sizes = new Map<number, KeptSize>();
    const rewritten = rewriteSizes(code, (memory) => {
      let kept = sizes.get(memory);
      if (!kept) sizes.set(memory, (kept = this.#keepSize(memory, sizes.size)));
      return kept;
    });
    if (!rewritten) return;
    this.#sections.set(CODE, rewritten);
    this.#more(1, 1, GROW_TYPE);
    for (const [memory, size] of sizes) {
      this.#more(3, 1, unsigned(this.#counts.types));
      const pages = this.#pages.get(memory);
      if (pages !== undefined) this.#more(6, 1, [0x7f, 0x01, ...constant(pages), 0x0b]);
      const body = growBody(memory, size);
      this.#more(CODE, 1, [...unsigned(body.length), ...body]);
    }
  }

  #keepSize(memory: number, count: number): KeptSize {
    const grow = this.#counts.functions + count;
    if (this.#pages.get(memory) !== undefined) {
      this.#keepsOwnSize = true;
      return sizeInGlobal(this.#find("globals"), grow);
    }
    const [names] = this.#imported;
    // An import more gets the number 1: no other memory may have that.
    if (!names || this.#counts.memories > 1) throw new HiddenState();
    this.#sized = names;
    this.#more(2, 1, [...encodedName(SIZE[0]), ...encodedName(SIZE[1]), ...MEMORY]);
    return sizeInMemory(1, grow);
  }

  #exportAll(): StateNames {
    const names = { memories: [] as string[], globals: [] as string[], tables: [] as string[], sized: this.#sized };
    const added: number[] = [];
    for (const [sort, index] of this.#found) {
      const name = `${PREFIX}${sort} ${index}`;
      names[sort].push(name);
      added.push(...encodedName(name), CODES[sort], ...unsigned(index));
    }
    this.#more(7, this.#found.length, added);
    return names;
  }

  /** More items at the end of a section. */
  #more(id: number, count: number, items: readonly number[]): void {
    const content = this.#sections.get(id) ?? Uint8Array.of(0);
    const reader = new Reader(content);
    const head = unsigned(reader.u32() + count);
    this.#sections.set(id, joined([Uint8Array.from(head), content.subarray(reader.offset), Uint8Array.from(items)]));
  }
}

/** One of ours: ASCII, and short. */
function encodedName(name: string): number[] {
  return [name.length, ...Array.from(name, (char) => char.charCodeAt(0))];
}

function skipExport(reader: Reader): void {
  if (reader.name().startsWith(PREFIX)) throw new HiddenState();
  reader.byte();
  reader.u32();
}

/** Of elements: they are dropped by who asks for it; they say to which table they go; they are expressions. */
const ELEMENTS = { passive: 1, explicit: 2, expressions: 4 };

/** Elements that go into a table are gone once they are there, and those that are only declared before. */
function skipElements(reader: Reader): void {
  const flags = reader.u32();
  if (flags > 7) reader.fail("a form of elements that is not known");
  const isActive = (flags & ELEMENTS.passive) === 0;
  const isExplicit = (flags & ELEMENTS.explicit) !== 0;
  if (!isActive && !isExplicit) throw new HiddenState();
  if (isActive && isExplicit) reader.u32();
  if (isActive && !skipConstant(reader)) throw new HiddenState();
  const hasExpressions = (flags & ELEMENTS.expressions) !== 0;
  // The type of references by a code of its own, or the only kind of elements that there is.
  if (!isActive || isExplicit) {
    const code = reader.byte();
    if (hasExpressions ? code !== 0x70 : code !== 0x00) throw new HiddenState();
  }
  reader.list(() => {
    if (!hasExpressions) reader.u32();
    else if (!skipConstant(reader)) throw new HiddenState();
  });
}

/** As `skipElements`. */
function skipData(reader: Reader): void {
  const flags = reader.u32();
  if (flags === 1) throw new HiddenState();
  if (flags > 2) reader.fail("a form of data that is not known");
  if (flags === 2) reader.u32();
  if (!skipConstant(reader)) throw new HiddenState();
  reader.skip(reader.u32());
}

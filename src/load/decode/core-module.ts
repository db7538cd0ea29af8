/** What a core module imports and exports, and of which types: read from its sections, of which code and data are passed over. */
import type { CoreExternType, CoreFuncType, CoreImport, Limits, ModuleType } from "./core-types.ts";
import { coreExtern, globalType, limits, recursiveTypes, tableType, tagType } from "./core.ts";
import type { RawCoreExtern } from "./definitions.ts";
import { InvalidComponentError } from "../invalid-component.ts";
import { Reader } from "./reader.ts";

/** Imports, or exports, of one module. */
const MAX_EXTERNS = 100_000;

const types = new WeakMap<Uint8Array, ModuleType | undefined>();

/**
 * `undefined` if there is something in it that we do not know: then nothing of it is compared here, but by the engine.
 *
 * @param bytes Not changed as long as anybody has them.
 */
export function moduleTypeOf(bytes: Uint8Array): ModuleType | undefined {
  if (!types.has(bytes)) types.set(bytes, read(bytes));
  return types.get(bytes);
}

function read(bytes: Uint8Array): ModuleType | undefined {
  try {
    return new ModuleReader().module(new Reader(bytes));
  } catch (error) {
    // Damaged, or newer than this: the engine knows.
    if (error instanceof InvalidComponentError && !(error instanceof TooLarge)) return undefined;
    throw error;
  }
}

/** More than the engine should be asked to make: each takes some hundred bytes of the heap. */
class TooLarge extends InvalidComponentError {}

/** @throws {InvalidComponentError} If a module imports, or exports, more than anybody needs. */
export function assertFew(count: number, what: "imports" | "exports"): void {
  if (count <= MAX_EXTERNS) return;
  throw new TooLarge(`A core module has ${count} ${what}: at most ${MAX_EXTERNS} are supported`);
}

/** The sorts, by their codes. */
const SORTS = ["core func", "core table", "core memory", "core global", "core tag"] as const;

class ModuleReader {
  readonly #types: (CoreFuncType | undefined)[] = [];
  readonly #imports: CoreImport[] = [];
  readonly #spaces: Readonly<Record<CoreExternType["sort"], CoreExternType[]>> = {
    "core func": [],
    "core table": [],
    "core memory": [],
    "core global": [],
    "core tag": [],
  };
  readonly #exports = new Map<string, CoreExternType>();
  #initial = 0;
  #growing = 0;

  module(reader: Reader): ModuleType {
    reader.skip(8);
    while (!reader.atEnd) {
      const id = reader.byte();
      this.#section(id, reader.part(reader.u32()));
    }
    return { imports: this.#imports, exports: this.#exports, initial: this.#initial, growing: this.#growing };
  }

  #section(id: number, reader: Reader): void {
    switch (id) {
      case 1:
        reader.list(() => {
          for (const type of recursiveTypes(reader)) this.#types.push(type);
        });
        return;
      case 2:
        assertFew(reader.peekCount(), "imports");
        reader.list(() => this.#import(reader));
        return;
      case 3:
        reader.list(() => this.#define({ sort: "core func", type: reader.u32() }));
        return;
      case 4:
        return this.#tables(reader);
      case 5:
        reader.list(() => this.#begin({ sort: "core memory", limits: limits(reader) }));
        return;
      case 6:
        return this.#globals(reader);
      case 7:
        assertFew(reader.peekCount(), "exports");
        reader.list(() => this.#export(reader));
        return;
      case 13:
        reader.list(() => this.#define(tagType(reader)));
        return;
      default:
    }
  }

  #import(reader: Reader): void {
    const module = reader.name();
    const name = reader.name();
    this.#imports.push({ module, name, type: this.#define(coreExtern(reader)) });
  }

  /** Up to the first with an initial value that we do not understand. */
  #tables(reader: Reader): void {
    for (let left = reader.u32(); left > 0; left--) {
      const hasValue = reader.peek() === 0x40;
      if (hasValue) reader.skip(2);
      this.#begin(tableType(reader));
      if (hasValue && !skipConstant(reader)) return;
    }
  }

  /** A memory or a table of its own. */
  #begin(raw: RawCoreExtern & { readonly limits: Limits }): void {
    const { min, max = Infinity } = raw.limits;
    this.#initial += min;
    if (raw.sort === "core table" && max > min) this.#growing++;
    this.#define(raw);
  }

  /** Up to the first with an initial value that we do not understand. */
  #globals(reader: Reader): void {
    for (let left = reader.u32(); left > 0; left--) {
      this.#define(globalType(reader));
      if (!skipConstant(reader)) return;
    }
  }

  #define(raw: RawCoreExtern): CoreExternType {
    switch (raw.sort) {
      case "core func":
      case "core tag": {
        const type: CoreExternType = { sort: raw.sort, func: this.#types[raw.type] };
        this.#spaces[raw.sort].push(type);
        return type;
      }
      default:
        this.#spaces[raw.sort].push(raw);
        return raw;
    }
  }

  #export(reader: Reader): void {
    const name = reader.name();
    const sort = SORTS[reader.byte()] ?? reader.unknown("core export");
    const type = this.#spaces[sort][reader.u32()];
    // Without a type it would be taken for missing: so nothing is known of the module.
    this.#exports.set(name, type ?? reader.fail(`the type of a ${sort} is not known`));
  }
}

/** What follows the codes of instructions that may be in a constant: bytes, or numbers of any length. */
const OPERANDS: Readonly<Record<number, "none" | "number" | 4 | 8>> = {
  0x23: "number",
  0x41: "number",
  0x42: "number",
  0x43: 4,
  0x44: 8,
  0x6a: "none",
  0x6b: "none",
  0x6c: "none",
  0x7c: "none",
  0x7d: "none",
  0x7e: "none",
  0xd0: "number",
  0xd2: "number",
};

/** Passes over an initial value. @returns Whether all of it is known. */
export function skipConstant(reader: Reader): boolean {
  for (;;) {
    const code = reader.byte();
    if (code === 0x0b) return true;
    const operand = OPERANDS[code];
    if (operand === undefined) return false;
    if (operand === "number") while (reader.byte() >= 0x80);
    else if (operand !== "none") reader.skip(operand);
  }
}

/** Types of core modules, as far as they can be compared without the engine; and when one will do for another. */
import { quoted } from "../../io/quoted.ts";

/**
 * In words that are the same for the same type, such as `i32`; `undefined` for one that only the engine understands,
 * because it has an index into the types of a module. What is not known is not compared: the engine does.
 */
export type CoreValueType = string | undefined;

export interface CoreFuncType {
  readonly params: readonly CoreValueType[];
  readonly results: readonly CoreValueType[];
}

/** Of a table or a memory. */
export interface Limits {
  readonly min: number;
  readonly max: number | undefined;
  /** Whether addresses have 64 bits. */
  readonly is64: boolean;
  readonly isShared: boolean;
}

/** The type of what a core module imports or exports. */
export type CoreExternType =
  | { readonly sort: "core func"; readonly func: CoreFuncType | undefined }
  | { readonly sort: "core table"; readonly element: CoreValueType; readonly limits: Limits }
  | { readonly sort: "core memory"; readonly limits: Limits }
  | { readonly sort: "core global"; readonly value: CoreValueType; readonly isMutable: boolean }
  | { readonly sort: "core tag"; readonly func: CoreFuncType | undefined };

export interface CoreImport {
  readonly module: string;
  readonly name: string;
  readonly type: CoreExternType;
}

export interface ModuleType {
  readonly imports: readonly CoreImport[];
  readonly exports: ReadonlyMap<string, CoreExternType>;
  /** Pages of memory and entries of tables of its own with which an instance begins; missing where only its type is known. */
  readonly initial?: number;
  /** Tables of its own that may grow; as above. */
  readonly growing?: number;
}

/** Why `given` will not do where `expected` is, in words; `undefined` if it will, or if only the engine can tell. */
export function coreMismatch(expected: CoreExternType, given: CoreExternType): string | undefined {
  switch (expected.sort) {
    case "core func":
    case "core tag":
      if (given.sort !== expected.sort) break;
      return funcMismatch(expected.func, given.func);
    case "core table":
      if (given.sort !== expected.sort) break;
      return differ(expected.element, given.element) ?? limitsMismatch(expected.limits, given.limits);
    case "core memory":
      if (given.sort !== expected.sort) break;
      return limitsMismatch(expected.limits, given.limits);
    case "core global":
      if (given.sort !== expected.sort) break;
      return globalMismatch(expected, given);
  }
  return `it is a ${given.sort}, not a ${expected.sort}`;
}

/** As `coreMismatch`, for modules. */
export function moduleMismatch(expected: ModuleType, given: ModuleType): string | undefined {
  const imports = new Map(expected.imports.map((one) => [importKey(one), one.type]));
  for (const one of given.imports) {
    const type = imports.get(importKey(one));
    const mismatch = type ? coreMismatch(one.type, type) : "it is not expected";
    if (mismatch !== undefined) return `its import ${quoted(one.module)} ${quoted(one.name)}: ${mismatch}`;
  }
  for (const [name, type] of expected.exports) {
    const found = given.exports.get(name);
    const mismatch = found ? coreMismatch(type, found) : "it is missing";
    if (mismatch !== undefined) return `its export ${quoted(name)}: ${mismatch}`;
  }
  return undefined;
}

/** Both names of an import as one. */
export function importKey({ module, name }: Pick<CoreImport, "module" | "name">): string {
  return JSON.stringify([module, name]);
}

/** As a person would write it. */
function describeCore({ params, results }: CoreFuncType): string {
  const list = (types: readonly CoreValueType[]): string => `[${types.map((type) => type ?? "?").join(" ")}]`;
  return `${list(params)} -> ${list(results)}`;
}

function funcMismatch(expected: CoreFuncType | undefined, given: CoreFuncType | undefined): string | undefined {
  if (!expected || !given) return undefined;
  const isSame = sameAll(expected.params, given.params) && sameAll(expected.results, given.results);
  return isSame ? undefined : `it is ${describeCore(given)}, not ${describeCore(expected)}`;
}

function sameAll(a: readonly CoreValueType[], b: readonly CoreValueType[]): boolean {
  return a.length === b.length && a.every((type, at) => differ(type, b[at]) === undefined);
}

function differ(expected: CoreValueType, given: CoreValueType): string | undefined {
  const isKnown = expected !== undefined && given !== undefined;
  return isKnown && expected !== given ? `it is of ${given}, not ${expected}` : undefined;
}

function globalMismatch(
  expected: CoreExternType & { readonly sort: "core global" },
  given: CoreExternType & { readonly sort: "core global" },
): string | undefined {
  if (expected.isMutable !== given.isMutable) return `it is ${given.isMutable ? "mutable" : "constant"}`;
  // One reference may do for another if nobody can change it.
  const bothRefer = [expected.value, given.value].every((type) => type?.startsWith("ref") === true);
  return bothRefer && !expected.isMutable ? undefined : differ(expected.value, given.value);
}

function limitsMismatch(expected: Limits, given: Limits): string | undefined {
  if (expected.is64 !== given.is64) return `its addresses have ${given.is64 ? 64 : 32} bits`;
  if (expected.isShared !== given.isShared) return `it is ${given.isShared ? "" : "not "}shared`;
  if (given.min < expected.min) return `it has ${given.min} at least, not ${expected.min}`;
  if (expected.max !== undefined && (given.max === undefined || given.max > expected.max)) {
    return `it has ${given.max ?? "any number"} at most, not ${expected.max}`;
  }
  return undefined;
}

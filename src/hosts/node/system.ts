/** Functions of the system that Node has not: called by `node:ffi`. */
import type * as Ffi from "node:ffi";

/** What calls them, and says where memory is. */
export interface System<T extends Ffi.FunctionDefinitions> {
  readonly functions: Ffi.WrappedFunctionsFromDefinitions<T>;
  readonly getRawPointer: typeof Ffi.getRawPointer;
}

/** Nothing where it is not: before Node 26, in Deno and Bun, and under `--permission` without `--allow-ffi`. */
export function systemOf<const T extends Ffi.FunctionDefinitions>(definitions: T): System<T> | undefined {
  try {
    const ffi = quietly(() => process.getBuiltinModule("node:ffi"));
    return ffi && { functions: ffi.dlopen(null, definitions).functions, getRawPointer: ffi.getRawPointer };
  } catch {
    return undefined;
  }
}

/** Node says on standard error that this is experimental, which nobody who runs a guest has asked for. */
function quietly<T>(act: () => T): T {
  const before = Object.getOwnPropertyDescriptor(process, "emitWarning");
  Object.defineProperty(process, "emitWarning", { value: () => {}, configurable: true, writable: true });
  try {
    return act();
  } finally {
    if (before) Object.defineProperty(process, "emitWarning", before);
  }
}

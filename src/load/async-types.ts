/** Core types of the asynchronous ABI. */
import type { CoreType } from "../abi/encode.ts";
import { layoutOf } from "../abi/layout.ts";
import { MAX_FLAT_ASYNC_PARAMS, signatureOf } from "../abi/signature.ts";
import { MAX_FLAT_PARAMS, type FuncType, type ValType } from "../abi/types.ts";
import type { CoreExternType, CoreFuncType } from "./core-types.ts";
import type { Options } from "./items.ts";
import { InvalidComponentError } from "./invalid-component.ts";
import { isPointed } from "../abi/type-facts.ts";

/** See `CallForm.optionsKey`. That of options without a memory is the beginning of that with one. */
export function optionsKey({ encoding, memory }: Options): string {
  return `${encoding} ${memory?.is === "export" ? `${memory.instance.index} ${memory.name}` : ""}`;
}

/** The core type of a function that is lifted async; `undefined` for one that is not. */
export function asyncLiftSignature(type: FuncType, { async, callback }: Options): CoreFuncType | undefined {
  if (!async) return undefined;
  return { params: signatureOf(type, "lift").params, results: callback ? ["i32"] : [] };
}

/** The core type of a function that is lowered async. */
export function asyncLowerSignature(type: FuncType): CoreFuncType {
  const flat = flatParams(type);
  return { params: [...(flat ?? (["i32"] as const)), ...(isStored(type) ? (["i32"] as const) : [])], results: ["i32"] };
}

function flatParams(type: FuncType): readonly CoreType[] | undefined {
  const { params, spilled } = signatureOf({ ...type, result: undefined }, "lift");
  return spilled || params.length > MAX_FLAT_ASYNC_PARAMS ? undefined : params;
}

/** Whether the result lies behind a pointer: there is one, and it is not nothing. */
function isStored({ result }: FuncType): boolean {
  return result !== undefined && (layoutOf(result).flat?.length ?? 1) > 0;
}

/** @throws {InvalidComponentError} If values need a memory or an allocator that is not given. */
export function assertNeedsAsync(type: FuncType, { memory, realloc }: Options, offset: number): void {
  const isRead = type.params.some((param) => isPointed(param.type)) || !flatParams(type);
  const isAllocated = type.result !== undefined && isPointed(type.result);
  if ((isRead || isStored(type)) && !memory) {
    throw new InvalidComponentError("the canonical option memory is missing", offset);
  }
  if (isAllocated && !realloc) throw new InvalidComponentError("the canonical option realloc is missing", offset);
}

const TYPES: Readonly<Record<string, readonly [params: number, hasResult: boolean]>> = {
  "task.cancel": [0, false],
  "subtask.cancel": [1, true],
  "subtask.drop": [1, false],
  "stream.read": [3, true],
  "stream.write": [3, true],
  "stream.cancel-read": [1, true],
  "stream.cancel-write": [1, true],
  "stream.drop-readable": [1, false],
  "stream.drop-writable": [1, false],
  "future.read": [2, true],
  "future.write": [2, true],
  "future.cancel-read": [1, true],
  "future.cancel-write": [1, true],
  "future.drop-readable": [1, false],
  "future.drop-writable": [1, false],
  "error-context.new": [2, true],
  "error-context.debug-message": [2, false],
  "error-context.drop": [1, false],
  "waitable-set.new": [0, true],
  "waitable-set.wait": [2, true],
  "waitable-set.poll": [2, true],
  "waitable-set.drop": [1, false],
  "waitable.join": [2, false],
  "backpressure.inc": [0, false],
  "backpressure.dec": [0, false],
  "thread.index": [0, true],
  "thread.new-indirect": [2, true],
  "thread.resume-later": [1, false],
  "thread.suspend": [0, true],
  "thread.yield": [0, true],
  "thread.suspend-then-resume": [1, true],
  "thread.yield-then-resume": [1, true],
  "thread.suspend-then-promote": [1, true],
  "thread.yield-then-promote": [1, true],
};

/** The core type of a function of asynchronous components, if it is known. */
export function builtinType(name: string, result: ValType | undefined, is64: boolean): CoreExternType | undefined {
  const word = is64 ? "i64" : "i32";
  switch (name) {
    case "task.return": {
      const flat = result && layoutOf(result).flat;
      const params: readonly CoreType[] = !result ? [] : flat && flat.length <= MAX_FLAT_PARAMS ? flat : ["i32"];
      return { sort: "core func", func: { params, results: [] } };
    }
    case "context.get":
      return { sort: "core func", func: { params: [], results: [word] } };
    case "context.set":
      return { sort: "core func", func: { params: [word], results: [] } };
    case "stream.new":
    case "future.new":
      return { sort: "core func", func: { params: [], results: ["i64"] } };
    default: {
      const type = TYPES[name];
      if (!type) return undefined;
      const [params, hasResult] = type;
      return {
        sort: "core func",
        func: { params: Array.from({ length: params }, () => "i32" as const), results: hasResult ? ["i32"] : [] },
      };
    }
  }
}

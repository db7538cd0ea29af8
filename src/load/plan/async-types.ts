/** Core types of the asynchronous ABI. */
import type { CoreType } from "../../abi/encode.ts";
import { layoutOf } from "../../abi/layout.ts";
import { MAX_FLAT_ASYNC_PARAMS, signatureOf } from "../../abi/signature.ts";
import { MAX_FLAT_PARAMS, type FuncType, type ValType } from "../../abi/types.ts";
import { builtins } from "../decode/builtins.ts";
import type { CoreExternType, CoreFuncType } from "../decode/core-types.ts";
import type { Options } from "./items.ts";
import { InvalidComponentError } from "../invalid-component.ts";
import { isPointed } from "../../abi/type-facts.ts";

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
      const { params: length, hasResult = false } =
        [...builtins().values()].find((builtin) => builtin.name === name) ?? {};
      if (length === undefined) return undefined;
      return {
        sort: "core func",
        func: { params: Array.from({ length }, () => "i32" as const), results: hasResult ? ["i32"] : [] },
      };
    }
  }
}

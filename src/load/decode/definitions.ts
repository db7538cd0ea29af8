/**
 * A component as its binary says it: definitions in order, names and indices not yet looked up.
 *
 * @see https://github.com/WebAssembly/component-model/blob/main/design/mvp/Binary.md
 */
import type { CoreType } from "../../abi/encode.ts";
import type { PrimitiveKind, StringEncoding } from "../../abi/types.ts";
import type { CoreExternType, CoreFuncType } from "./core-types.ts";

export type CoreSort =
  | "core func"
  | "core table"
  | "core memory"
  | "core global"
  | "core tag"
  | "core type"
  | "core module"
  | "core instance";
export type Sort = "func" | "value" | "type" | "component" | "instance" | CoreSort;

export interface SortIndex {
  readonly sort: Sort;
  readonly index: number;
}

/** A value type: a primitive, or the index of a type. */
export type RawType = PrimitiveKind | number;

export interface RawField {
  readonly name: string;
  readonly type: RawType;
}

export type RawDefinedType =
  | { readonly kind: "primitive"; readonly type: PrimitiveKind }
  | { readonly kind: "record"; readonly fields: readonly RawField[] }
  | {
      readonly kind: "variant";
      readonly cases: readonly { readonly name: string; readonly type: RawType | undefined }[];
    }
  | { readonly kind: "list"; readonly element: RawType; readonly length: number | undefined }
  | { readonly kind: "tuple"; readonly members: readonly RawType[] }
  | { readonly kind: "flags" | "enum"; readonly names: readonly string[] }
  | { readonly kind: "option"; readonly some: RawType }
  | { readonly kind: "result"; readonly ok: RawType | undefined; readonly err: RawType | undefined }
  | { readonly kind: "own" | "borrow"; readonly resource: number }
  | { readonly kind: "stream" | "future"; readonly element: RawType | undefined }
  | { readonly kind: "map"; readonly key: RawType; readonly value: RawType };

export type RawTypeDefinition =
  | RawDefinedType
  | {
      readonly kind: "func";
      readonly async: boolean;
      readonly params: readonly RawField[];
      readonly result: RawType | undefined;
    }
  | { readonly kind: "component" | "instance"; readonly declarations: readonly Declaration[] }
  | { readonly kind: "resource"; readonly rep: CoreType; readonly destructor: number | undefined };

/** What an import or export is declared to be. Types and modules are given by index. */
export type RawExtern =
  | { readonly sort: "core module" | "func" | "component" | "instance"; readonly type: number }
  | { readonly sort: "type"; readonly equals: number }
  | { readonly sort: "type"; readonly equals: undefined };

export type Alias =
  | { readonly kind: "alias"; readonly sort: Sort; readonly instance: number; readonly name: string }
  | { readonly kind: "core alias"; readonly sort: CoreSort; readonly instance: number; readonly name: string }
  | { readonly kind: "outer alias"; readonly sort: Sort; readonly count: number; readonly index: number };

export type Declaration = { readonly offset: number } & (
  | { readonly kind: "core type"; readonly type: RawCoreType }
  | { readonly kind: "type"; readonly type: RawTypeDefinition }
  | Alias
  | { readonly kind: "import"; readonly name: string; readonly extern: RawExtern }
  | { readonly kind: "export"; readonly name: string; readonly extern: RawExtern }
);

/** As `CoreExternType`, with the type of a function or tag by its index. */
export type RawCoreExtern =
  | { readonly sort: "core func" | "core tag"; readonly type: number }
  | Exclude<CoreExternType, { readonly sort: "core func" | "core tag" }>;

export type RawCoreType =
  /** One type or, if they refer to each other, several. `undefined` for what is no function. */
  | { readonly kind: "types"; readonly types: readonly (CoreFuncType | undefined)[] }
  | { readonly kind: "module"; readonly declarations: readonly ModuleDeclaration[] };

export type ModuleDeclaration =
  | { readonly kind: "types"; readonly types: readonly (CoreFuncType | undefined)[] }
  | { readonly kind: "outer alias"; readonly count: number; readonly index: number }
  | { readonly kind: "import"; readonly module: string; readonly name: string; readonly extern: RawCoreExtern }
  | { readonly kind: "export"; readonly name: string; readonly extern: RawCoreExtern };

export interface CanonOptions {
  readonly encoding: StringEncoding;
  readonly memory: number | undefined;
  readonly realloc: number | undefined;
  readonly postReturn: number | undefined;
  readonly async: boolean;
  readonly callback: number | undefined;
}

/** None of them. */
export const NO_OPTIONS: Pick<CanonOptions, "encoding" | "async"> &
  Readonly<Record<"memory" | "realloc" | "postReturn" | "callback", undefined>> = {
  encoding: "utf8",
  memory: undefined,
  realloc: undefined,
  postReturn: undefined,
  async: false,
  callback: undefined,
};

export type Canon =
  | { readonly kind: "lift"; readonly func: number; readonly options: CanonOptions; readonly type: number }
  | { readonly kind: "lower"; readonly func: number; readonly options: CanonOptions }
  | { readonly kind: "resource.new" | "resource.drop" | "resource.rep"; readonly type: number }
  /** One that only asynchronous components have. */
  | {
      readonly kind: "async builtin";
      readonly name: string;
      /** The flag, if it has one: cancellable, or async. */
      readonly flag: boolean;
      /** Indices and numbers, in order. */
      readonly numbers: readonly number[];
      readonly options: CanonOptions | undefined;
      /** What task.return is given. */
      readonly result: RawType | undefined;
      /** Of a word of context storage: whether it is an i64. */
      readonly is64: boolean;
    };

export type Definition = { readonly offset: number } & (
  | { readonly kind: "core module"; readonly bytes: Uint8Array }
  | {
      readonly kind: "core instantiate";
      readonly module: number;
      readonly args: readonly (readonly [string, number])[];
    }
  | {
      readonly kind: "core exports";
      readonly exports: readonly (readonly [string, SortIndex & { readonly sort: CoreSort }])[];
    }
  | { readonly kind: "core type"; readonly type: RawCoreType }
  | { readonly kind: "component"; readonly definitions: readonly Definition[] }
  | {
      readonly kind: "instantiate";
      readonly component: number;
      readonly args: readonly (readonly [string, SortIndex])[];
    }
  | { readonly kind: "exports"; readonly exports: readonly (readonly [string, SortIndex])[] }
  | Alias
  | { readonly kind: "type"; readonly type: RawTypeDefinition }
  | { readonly kind: "canon"; readonly canon: Canon }
  | { readonly kind: "import"; readonly name: string; readonly extern: RawExtern }
  | {
      readonly kind: "export";
      readonly name: string;
      readonly of: SortIndex;
      readonly extern: RawExtern | undefined;
    }
);

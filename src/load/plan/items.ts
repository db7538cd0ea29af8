/** What the indices of a component stand for, once they are looked up: the vocabulary of a plan. */
import type { FuncType, ResourceId, StringEncoding, ValType } from "../../abi/types.ts";
import type { CoreExternType, CoreFuncType, ModuleType } from "../decode/core-types.ts";
import type { Declaration, Definition } from "../decode/definitions.ts";
import type { Scope } from "./scope.ts";
import type { TypeItem } from "./type-scope.ts";

/** A core module of the component, or one that it imports. */
export type ModuleItem =
  /** `type` is missing if there is something in it that only the engine understands. */
  | { readonly is: "own"; readonly index: number; readonly type: ModuleType | undefined }
  | { readonly is: "imported"; readonly path: ImportPath; readonly type: ModuleType };

/** A core instance: one that is made of a module, or names for what there is. */
export type CoreInstanceItem =
  | { readonly is: "instantiated"; readonly index: number; readonly module: ModuleItem }
  | { readonly is: "bag"; readonly exports: ReadonlyMap<string, CoreItem> };

/** A core function, memory, table, global or tag. Its type is missing where only the engine knows it. */
export type CoreItem =
  | {
      readonly is: "export";
      readonly sort: CoreExternType["sort"];
      readonly type: CoreExternType | undefined;
      readonly instance: CoreInstanceItem & { readonly is: "instantiated" };
      readonly name: string;
      readonly offset: number;
    }
  | {
      readonly is: "trampoline";
      readonly sort: "core func";
      readonly type: CoreExternType | undefined;
      readonly index: number;
    };

/** Canonical options, looked up. */
export interface Options {
  /** Whether the function is called by the asynchronous ABI. */
  readonly async: boolean;
  /** What a function that is lifted so is called with when something has happened that it waits for. */
  readonly callback: CoreItem | undefined;
  readonly encoding: StringEncoding;
  readonly memory: CoreItem | undefined;
  readonly realloc: CoreItem | undefined;
  readonly postReturn: CoreItem | undefined;
}

/** A function of the component model. */
export type FuncItem =
  /** From outside: `path` is the name of the import, and that of the function if the import is an instance. */
  | { readonly is: "imported"; readonly type: FuncType; readonly path: ImportPath }
  | {
      readonly is: "lifted";
      readonly type: FuncType;
      readonly core: CoreItem;
      readonly options: Options;
      /** The number of the component instance that it belongs to. */
      readonly instance: number;
    };

/** The name of an import, and of what is meant in it if that is an instance (of an instance, ...). */
export type ImportPath = readonly [string, ...string[]];

export interface InstanceItem {
  readonly exports: ReadonlyMap<string, Item>;
}

/** A component, with what was around it where it was defined; or one of which only the type is known. */
export type ComponentItem =
  | { readonly is: "own"; readonly definitions: readonly Definition[]; readonly scope: Scope }
  | { readonly is: "declared"; readonly declarations: readonly Declaration[]; readonly scope: Scope };

/** Anything that has a name in the component model. */
export type Item =
  | { readonly sort: "func"; readonly func: FuncItem }
  | { readonly sort: "type"; readonly type: TypeItem }
  | { readonly sort: "instance"; readonly instance: InstanceItem }
  | { readonly sort: "component"; readonly component: ComponentItem }
  | { readonly sort: "core module"; readonly module: ModuleItem };

/** Core functions that are not the guest's own. */
export type Trampoline =
  | { readonly is: "lower"; readonly func: FuncItem; readonly options: Options; readonly instance: number }
  | {
      readonly is: "resource.new" | "resource.drop" | "resource.rep";
      readonly resource: ResourceId;
      readonly instance: number;
    }
  | AsyncTrampoline
  | { readonly is: "unsupported"; readonly what: string };

/** A function of asynchronous components: see `asyncBuiltin`. */
export interface AsyncTrampoline {
  readonly is: "async";
  /** As in the specification, such as `stream.read`. */
  readonly name: string;
  readonly instance: number;
  /** Where values lie. */
  readonly options: Options | undefined;
  /** Whether it is given the option async. */
  readonly isAsync: boolean;
  /** Its flag: cancellable, or async. */
  readonly flag: boolean;
  /** What the stream or future carries. */
  readonly element: ValType | undefined;
  /** What task.return is given. */
  readonly result: ValType | undefined;
  /** Of its options: see `CallForm.optionsKey`. */
  readonly optionsKey: string;
  /** Which word of context storage, and whether as an i64. */
  readonly slot: number;
  readonly is64: boolean;
  readonly table: CoreItem | undefined;
}

/** Where a resource type comes from. */
export type ResourceOrigin =
  | { readonly is: "imported"; readonly path: ImportPath }
  | { readonly is: "defined"; readonly instance: number; readonly destructor: CoreItem | undefined };

export interface PlannedResource {
  readonly id: ResourceId;
  readonly origin: ResourceOrigin;
}

/** One core module made an instance. Its number among core instances is its place among the steps. */
export interface Step {
  readonly module: ModuleItem;
  readonly args: readonly (readonly [string, CoreInstanceItem])[];
  /** Which component instance it is part of. */
  readonly instance: number;
  readonly offset: number;
}

/**
 * All that is to be done to instantiate a component, with nothing left to look up: its tree of components is unfolded,
 * each resource type has a number, each function that is called across a border is known. The same for every instance.
 */
export interface Plan {
  /** What it imports, by name. */
  readonly imports: ReadonlyMap<string, Item>;
  readonly exports: ReadonlyMap<string, Item>;
  readonly steps: readonly Step[];
  readonly modules: readonly Uint8Array[];
  readonly trampolines: readonly Trampoline[];
  readonly resources: readonly PlannedResource[];
  /** For each component instance that of which it is a part; the outermost has none. */
  readonly instances: readonly (number | undefined)[];
  /** Whether it uses the asynchronous ABI. */
  readonly isAsync: boolean;
  /** Whether it has text in another encoding than UTF-8. */
  readonly hasOtherTexts: boolean;
  /** What it uses that is not supported, in words: it cannot be instantiated. */
  readonly unsupported: string | undefined;
}

/** A core type: of a function, if it is one that we know; or of a module. */
export type CoreTypeItem =
  | { readonly is: "type"; readonly func: CoreFuncType | undefined }
  | { readonly is: "module"; readonly type: ModuleType };

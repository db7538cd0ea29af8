/** Canonical definitions on their way into the plan: what they need is there, and of the right types. */
import { signatureOf } from "../../abi/signature.ts";
import type { FuncType, ResourceId, ValType } from "../../abi/types.ts";
import { assertFunc } from "./core-scope.ts";
import type { CoreExternType, CoreFuncType } from "../decode/core-types.ts";
import { NO_OPTIONS, type Canon, type CanonOptions } from "../decode/definitions.ts";
import type { CoreItem, FuncItem, Options } from "./items.ts";
import type { Planner } from "./plan.ts";
import { InvalidComponentError } from "../invalid-component.ts";
import { asyncLiftSignature, asyncLowerSignature, assertNeedsAsync, builtinType } from "./async-types.ts";
import { optionsKey } from "./options-key.ts";
import { at, type Scope } from "./scope.ts";
import { isPointed, mentions } from "../../abi/type-facts.ts";
import { rawValueType } from "./type-scope.ts";

const REALLOC: CoreFuncType = { params: ["i32", "i32", "i32", "i32"], results: ["i32"] };
const RESOURCE_FUNCTIONS: Readonly<Record<"resource.new" | "resource.drop" | "resource.rep", CoreFuncType>> = {
  "resource.new": { params: ["i32"], results: ["i32"] },
  "resource.drop": { params: ["i32"], results: [] },
  "resource.rep": { params: ["i32"], results: ["i32"] },
};

/** Those of one component instance. */
export class CanonPlan {
  readonly #planner: Planner;
  readonly #scope: Scope;
  readonly #instance: number;
  readonly #local: ReadonlySet<ResourceId>;

  /** @param local The resource types that it defines itself. */
  constructor(planner: Planner, scope: Scope, instance: number, local: ReadonlySet<ResourceId>) {
    this.#planner = planner;
    this.#scope = scope;
    this.#instance = instance;
    this.#local = local;
  }

  define(canon: Canon, offset: number): void {
    const coreFuncs = this.#scope.coreItems["core func"];
    switch (canon.kind) {
      case "lift":
        this.#scope.funcs.push(this.#lift(canon, offset));
        return;
      case "lower":
        coreFuncs.push(this.#lower(canon, offset));
        return;
      case "async builtin":
        coreFuncs.push(this.#asyncBuiltin(canon, offset));
        return;
      default:
        coreFuncs.push(this.#resource(canon, offset));
    }
  }

  #resource({ kind, type }: Canon & { readonly type: number; readonly kind: `resource.${string}` }, offset: number) {
    const resource = this.#scope.resource(type, offset);
    if (kind !== "resource.drop" && !this.#local.has(resource)) {
      throw new InvalidComponentError(`${kind} is for resource types that the component defines itself`, offset);
    }
    return this.#planner.trampoline({ is: kind, resource, instance: this.#instance }, typeOf(RESOURCE_FUNCTIONS[kind]));
  }

  #asyncBuiltin(canon: Canon & { readonly kind: "async builtin" }, offset: number): CoreItem {
    const { name, numbers, flag } = canon;
    this.#planner.usesAsync();
    const [first = 0, second = 0] = numbers;
    const of = name.split(".")[0];
    const element = of === "stream" || of === "future" ? this.#elementOf(of, first, offset) : undefined;
    const isSet = name === "waitable-set.wait" || name === "waitable-set.poll";
    const options = canon.options
      ? this.#options(canon.options, offset)
      : isSet
        ? this.#options({ ...NO_OPTIONS, memory: first }, offset)
        : undefined;
    if (/^thread\.(?:spawn|available)/.test(name)) this.#planner.refuse(`${name}, of threads that share memory`);
    if (name.startsWith("context.") && first > 1) {
      throw new InvalidComponentError(`there is no word ${first} of context storage: there are 2`, offset);
    }
    const result = canon.result === undefined ? undefined : rawValueType(canon.result, this.#scope, offset);
    return this.#planner.trampoline(
      {
        is: "async",
        name,
        instance: this.#instance,
        options,
        isAsync: canon.options?.async ?? false,
        flag,
        element,
        result,
        optionsKey: options ? optionsKey(options) : "",
        slot: first,
        is64: canon.is64,
        table: name === "thread.new-indirect" ? this.#scope.core("core table", second, offset) : undefined,
      },
      builtinType(name, result, canon.is64),
    );
  }

  #elementOf(kind: "stream" | "future", index: number, offset: number): ValType | undefined {
    const item = this.#scope.type(index, offset);
    if (item.is !== "value" || item.type.kind !== kind) {
      throw new InvalidComponentError(`type ${index} is no ${kind} type`, offset);
    }
    return item.type.element;
  }

  #lift(canon: Canon & { readonly kind: "lift" }, offset: number): FuncItem {
    const item = this.#scope.type(canon.type, offset);
    if (item.is !== "func") throw new InvalidComponentError(`type ${canon.type} is no function type`, offset);
    const { type } = item;
    const options = this.#options(canon.options, offset);
    const core = this.#scope.core("core func", canon.func, offset);
    this.#noteAsync(type, canon.options);
    if (options.async && !type.async) {
      throw new InvalidComponentError("a function whose type is not async is lifted async", offset);
    }
    this.#scope.planning.spend(type.params.length, offset);
    if (!is64(options)) {
      const signature = asyncLiftSignature(type, options) ?? signatureOf(type, "lift");
      assertNeeds(options.async ? { ...type, result: undefined } : type, options, "lift", offset);
      assertFunc(core, signature, "a core function that is lifted", offset);
      if (options.callback && !options.async) {
        throw new InvalidComponentError("a callback is given for a function that is not lifted async", offset);
      }
      if (options.async && options.postReturn) {
        throw new InvalidComponentError("a function that is lifted async has no post-return", offset);
      }
      assertFunc(options.callback, CALLBACK, "callback", offset);
      assertFunc(options.postReturn, { params: signature.results, results: [] }, "post-return", offset);
    }
    const func: FuncItem = { is: "lifted", type, core, options, instance: this.#instance };
    this.#scope.planning.nest(func, [core, options.realloc, options.postReturn, options.callback], offset);
    return func;
  }

  #lower(canon: Canon & { readonly kind: "lower" }, offset: number): CoreItem {
    const func = at(this.#scope.funcs, canon.func, "func", offset);
    const options = this.#options(canon.options, offset);
    if (options.postReturn) throw new InvalidComponentError("a lowered function has no post-return", offset);
    if (options.callback) throw new InvalidComponentError("a lowered function has no callback", offset);
    this.#noteAsync(func.type, canon.options);
    this.#scope.planning.spend(func.type.params.length, offset);
    if (func.is === "imported" && func.path.length > 2) {
      this.#planner.refuse(`a function of an instance within an import, ${func.path.join(" ")}`);
    }
    const isAsync = canon.options.async;
    if (isAsync && !func.type.async) {
      throw new InvalidComponentError("a function whose type is not async is lowered async", offset);
    }
    if (isAsync) assertNeedsAsync(func.type, options, offset);
    else assertNeeds(func.type, options, "lower", offset);
    const item = this.#planner.trampoline(
      { is: "lower", func, options, instance: this.#instance },
      typeOf(isAsync ? asyncLowerSignature(func.type) : signatureOf(func.type, "lower")),
    );
    this.#scope.planning.nest(item, [func, options.realloc], offset);
    return item;
  }

  #noteAsync(type: FuncType, options: CanonOptions): void {
    const values = [...type.params.map((param) => param.type), ...(type.result ? [type.result] : [])];
    const isAsync = options.async || options.callback !== undefined || type.async;
    if (isAsync || values.some((value) => mentions(value, "stream", "future", "error-context"))) {
      this.#planner.usesAsync();
    }
  }

  #options({ encoding, memory, realloc, postReturn, async, callback }: CanonOptions, offset: number): Options {
    const core = (sort: CoreItem["sort"], index: number | undefined): CoreItem | undefined =>
      index === undefined ? undefined : this.#scope.core(sort, index, offset);
    const options: Options = {
      encoding,
      memory: core("core memory", memory),
      realloc: core("core func", realloc),
      postReturn: core("core func", postReturn),
      async,
      callback: core("core func", callback),
    };
    if (encoding !== "utf8") this.#planner.hasOtherTexts();
    if (is64(options)) this.#planner.refuse("a memory of 64 bits");
    else assertFunc(options.realloc, REALLOC, "realloc", offset);
    return options;
  }
}

const CALLBACK: CoreFuncType = { params: ["i32", "i32", "i32"], results: ["i32"] };

function is64({ memory }: Options): boolean {
  return memory?.type?.sort === "core memory" && memory.type.limits.is64;
}

function typeOf(func: CoreFuncType): CoreExternType {
  return { sort: "core func", func };
}

/** @throws {InvalidComponentError} If values of the type need a memory or an allocator that is not given. */
function assertNeeds(type: FuncType, options: Options, side: "lift" | "lower", offset: number): void {
  const signature = signatureOf(type, side);
  const params = type.params.some((param) => isPointed(param.type));
  const results = type.result !== undefined && isPointed(type.result);
  const memory = params || results || signature.spilled || signature.stored;
  if (memory && !options.memory) throw new InvalidComponentError("the canonical option memory is missing", offset);
  const allocates = side === "lift" ? params || signature.spilled : results;
  if (allocates && !options.realloc) throw new InvalidComponentError("the canonical option realloc is missing", offset);
}

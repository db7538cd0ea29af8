/** When two types are the same, and how to say that they are not. */
import { describe } from "../../abi/describe.ts";
import type { FuncType, ResourceId, ValType } from "../../abi/types.ts";

/** Whether two resource types, each as its side sees it, are one. */
export type SameResource = (a: ResourceId, b: ResourceId) => boolean;

/** Compares types. Pairs that were found the same are not compared again, so that shared parts cost nothing. */
export class TypeComparison {
  readonly #same: SameResource;
  readonly #known = new Map<ValType, Set<ValType>>();

  constructor(same: SameResource = (a, b) => a === b) {
    this.#same = same;
  }

  /** What is different, in words; `undefined` if nothing is. Names of parameters count as in the specification: they do. */
  differenceOf(expected: FuncType, got: FuncType): string | undefined {
    if (expected.async !== got.async) return `it is ${got.async ? "async" : "not async"}`;
    if (expected.params.length !== got.params.length) {
      return `it has ${got.params.length} parameters, not ${expected.params.length}`;
    }
    for (const [index, param] of expected.params.entries()) {
      const other = got.params[index];
      if (!other || param.name !== other.name)
        return `its parameter ${index} is ${other?.name ?? "missing"}, not ${param.name}`;
      if (!this.same(param.type, other.type)) {
        return `its parameter ${param.name} is ${describe(other.type)}, not ${describe(param.type)}`;
      }
    }
    return this.#sameOptional(expected.result, got.result)
      ? undefined
      : `its result is ${describe(got.result)}, not ${describe(expected.result)}`;
  }

  same(a: ValType, b: ValType): boolean {
    const known = this.#known.get(a);
    if (known?.has(b)) return true;
    if (!this.#compare(a, b)) return false;
    if (known) known.add(b);
    else this.#known.set(a, new Set([b]));
    return true;
  }

  #sameOptional(a: ValType | undefined, b: ValType | undefined): boolean {
    return a && b ? this.same(a, b) : a === b;
  }

  #compare(a: ValType, b: ValType): boolean {
    switch (a.kind) {
      case "record":
        return b.kind === "record" && this.#sameCases(a.fields, b.fields);
      case "variant":
        return b.kind === "variant" && this.#sameCases(a.cases, b.cases);
      case "tuple":
        return b.kind === "tuple" && this.#sameAll(a.members, b.members);
      case "flags":
      case "enum":
        return (
          b.kind === a.kind && a.names.length === b.names.length && a.names.every((name, at) => name === b.names[at])
        );
      case "option":
        return b.kind === "option" && this.same(a.some, b.some);
      case "result":
        return b.kind === "result" && this.#sameOptional(a.ok, b.ok) && this.#sameOptional(a.err, b.err);
      case "list":
        return b.kind === "list" && a.length === b.length && this.same(a.element, b.element);
      case "map":
        return b.kind === "map" && this.same(a.key, b.key) && this.same(a.value, b.value);
      case "own":
      case "borrow":
        return b.kind === a.kind && this.#same(a.resource, b.resource);
      case "stream":
      case "future":
        return b.kind === a.kind && this.#sameOptional(a.element, b.element);
      default:
        return a.kind === b.kind;
    }
  }

  #sameAll(a: readonly ValType[], b: readonly ValType[]): boolean {
    return a.length === b.length && a.every((type, at) => this.#sameOptional(type, b[at]));
  }

  #sameCases(
    a: readonly { readonly name: string; readonly type: ValType | undefined }[],
    b: readonly { readonly name: string; readonly type: ValType | undefined }[],
  ): boolean {
    return (
      a.length === b.length &&
      a.every(({ name, type }, at) => name === b[at]?.name && this.#sameOptional(type, b[at].type))
    );
  }
}

/** Imports of a component, made of what it says they are. */
import { camelCase, pascalCase, splitVersion } from "../../src/abi/names.ts";
import { memberOf } from "../../src/abi/members.ts";
import type { FuncType, ResourceId } from "../../src/abi/types.ts";
import { INTERFACES } from "../../src/bind/interfaces.ts";
import type { InstanceItem, Item, Plan } from "../../src/load/plan/items.ts";
import type { Imports, ImportValue } from "../../src/run/imports.ts";
import { Values } from "./generate.ts";
import type { Random } from "../random.ts";

/** The message of what stubs throw. */
export const ERROR_CASE = "the error case";

type Stub = (...args: readonly unknown[]) => unknown;

/** Functions that return what their types promise, whatever they are given. What WASI has is left to us. */
export class Stubs {
  readonly #random: Random;
  /** For resource types by the slots that they have in the component. */
  readonly #classes = new Map<number, new () => object>();

  constructor(random: Random) {
    this.#random = random;
  }

  of({ imports }: Plan): Imports {
    const given: Record<string, ImportValue> = {};
    for (const [name, item] of imports) {
      const value = this.#import(name, item);
      if (value) given[name] = value;
    }
    return given;
  }

  #import(name: string, item: Item): ImportValue | undefined {
    switch (item.sort) {
      case "func":
        return this.#function(item.func.type);
      case "instance":
        return INTERFACES.has(splitVersion(name)[0]) && !this.#random.once(4)
          ? undefined
          : this.#instance(item.instance);
      case "type":
        return item.type.is === "resource" ? { [pascalCase(name)]: this.#class(item.type.id) } : undefined;
      case "core module":
        return new WebAssembly.Module(Uint8Array.of(0, 0x61, 0x73, 0x6d, 1, 0, 0, 0));
      default:
        return undefined;
    }
  }

  #function(type: FuncType): Stub {
    const { result } = type;
    return () => {
      if (!result) return undefined;
      const value = new Values(this.#random, (resource) => new (this.#class(resource))(), 100).of(result);
      if (result.kind !== "result") return value;
      // A result is `{ tag, val }`.
      const { tag, val } = value as { readonly tag: string; readonly val: unknown };
      if (tag === "ok") return val;
      throw Object.assign(new Error(ERROR_CASE), { payload: val });
    };
  }

  #class({ slot }: ResourceId): new () => object {
    let made = this.#classes.get(slot);
    if (!made) this.#classes.set(slot, (made = class Stubbed extends Object {}));
    return made;
  }

  #instance({ exports }: InstanceItem): ImportValue {
    const members: Record<string, unknown> = {};
    const put = (object: object, key: string, value: unknown): void => {
      Object.defineProperty(object, key, { value, configurable: true, writable: true, enumerable: true });
    };
    for (const [name, item] of exports) {
      if (item.sort === "type" && item.type.is === "resource")
        put(members, pascalCase(name), this.#class(item.type.id));
    }
    for (const [name, item] of exports) {
      if (item.sort !== "func") continue;
      const stub = this.#function(item.func.type);
      const member = memberOf(name);
      const owner = member && members[pascalCase(member.resource)];
      if (!member) put(members, camelCase(name), stub);
      else if (member.form === "constructor" || typeof owner !== "function") continue;
      else {
        const key = camelCase(member.name);
        if (member.form === "method") put(owner.prototype as object, key, stub);
        else if (key !== "prototype") put(owner, key, stub);
      }
    }
    return members;
  }
}

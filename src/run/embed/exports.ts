/** What a component exports, as objects and functions. */
import { exportedKey, exportedStaticKey, pascalCase } from "../../abi/names.ts";
import { memberOf } from "../../abi/members.ts";
import type { ResourceType } from "../../abi/handles.ts";
import type { FuncItem, InstanceItem, Item } from "../../load/plan/items.ts";
import type { Linked } from "../../load/link/link.ts";
import { DefinedResource } from "../../load/link/defined-resource.ts";
import type { AsyncCalls } from "./async-calls.ts";
import { rememberExport, type Providers } from "../imports.ts";
import { GuestResource } from "./js-resources.ts";
import type { ValueCalls } from "./value-calls.ts";

export type ExportedFunction = (...args: unknown[]) => unknown;

/** Makes the exports of one instance. */
export class Exports {
  readonly #linked: Linked;
  readonly #calls: ValueCalls | AsyncCalls;
  readonly #providers: Providers;
  readonly #prototypes = new Map<ResourceType, object>();

  constructor(linked: Linked, calls: ValueCalls | AsyncCalls, providers: Providers) {
    this.#linked = linked;
    this.#calls = calls;
    this.#providers = providers;
  }

  /** Has the methods of a resource type that the component exports. */
  prototypeOf(type: ResourceType): object | undefined {
    return this.#prototypes.get(type);
  }

  /** All of them, by WIT's names; functions beside their interfaces also in camel case. */
  all(): Record<string, unknown> {
    const exports = this.#members("", this.#linked.compiled.plan.exports);
    rememberExport(exports, { linked: this.#linked, instance: { exports: this.#linked.compiled.plan.exports } });
    return exports;
  }

  #members(prefix: string, items: InstanceItem["exports"]): Record<string, unknown> {
    const members: Record<string, unknown> = {};
    const classes = new Map<string, ExportedClass>();
    for (const [name, item] of items) {
      if (item.sort !== "type" || item.type.is !== "resource") continue;
      const { type } = this.#linked.binding(item.type.id);
      // Of one that is only named here a class would have nothing: who defines it has its own.
      if (!(type instanceof DefinedResource) && !hasMembers(name, items)) continue;
      const made = this.#class(name, type, items, prefix);
      classes.set(name, made);
      members[pascalCase(name)] = made;
    }
    for (const [name, item] of items) {
      const member = memberOf(name);
      const owner = member && classes.get(member.resource);
      if (!member || !owner || item.sort !== "func") {
        if (!member) this.#put(members, prefix, name, item);
        continue;
      }
      if (member.form === "constructor") continue;
      const fn = this.#function(prefix + name, item.func, member.form === "method");
      const [target, key] =
        member.form === "static"
          ? [owner, exportedStaticKey(member.name)]
          : [owner.prototype, exportedKey(member.name)];
      Object.defineProperty(target, key, { value: fn, writable: true, configurable: true });
    }
    return members;
  }

  #put(members: Record<string, unknown>, prefix: string, name: string, item: Item): void {
    switch (item.sort) {
      case "func": {
        const fn = this.#function(prefix + name, item.func, false);
        define(members, exportedKey(name), fn);
        return;
      }
      case "instance": {
        const members2 = this.#members(`${name}#`, item.instance.exports);
        rememberExport(members2, { linked: this.#linked, instance: item.instance });
        define(members, name, members2);
        return;
      }
      case "core module":
        define(members, name, this.#linked.module(item.module));
        return;
      default:
    }
  }

  /** @param isMethod Whether `this` is the first argument. */
  #function(name: string, func: FuncItem, isMethod: boolean): ExportedFunction {
    const call = func.is === "lifted" ? this.#calls.function(name, func) : this.#reexported(name, func);
    if (!isMethod) return call;
    return function method(this: unknown, ...args: unknown[]) {
      return call(this, ...args);
    };
  }

  /** What the component imports and gives on. */
  #reexported(name: string, { path }: FuncItem & { readonly is: "imported" }): ExportedFunction {
    const provider = this.#providers.of(path[0]);
    const fn = provider?.is === "embedder" ? provider.function(path[1]) : undefined;
    if (fn) return fn as ExportedFunction;
    return () => {
      throw new TypeError(`${name} is an import that the component exports again: call it where it is implemented`);
    };
  }

  #class(name: string, type: ResourceType, items: InstanceItem["exports"], prefix: string): ExportedClass {
    const construct = items.get(`[constructor]${name}`);
    const create =
      construct?.sort === "func" ? this.#function(`${prefix}[constructor]${name}`, construct.func, false) : undefined;
    const calls = this.#calls;
    const made = class {
      constructor(...args: unknown[]) {
        if (!create) throw new TypeError(`${prefix}${name} has no constructor`);
        // The instance itself where calls return values, else a promise of it: see docs/embedding.md.
        return create(...args) as object;
      }
    };
    Object.defineProperty(made, "name", { value: pascalCase(name) });
    Object.setPrototypeOf(made.prototype, GuestResource.prototype);
    Object.defineProperty(made.prototype, Symbol.dispose, {
      value(this: GuestResource) {
        GuestResource.dispose(this, (rep) => {
          if (type instanceof DefinedResource) void calls.destroy(type, rep);
        });
      },
    });
    if (!this.#prototypes.has(type)) this.#prototypes.set(type, made.prototype);
    return made;
  }
}

function hasMembers(resource: string, items: InstanceItem["exports"]): boolean {
  return Array.from(items.keys()).some((name) => memberOf(name)?.resource === resource);
}

type ExportedClass = new (...args: unknown[]) => object;

/** As a property of its own, whatever its name. */
function define(members: Record<string, unknown>, name: string, value: unknown): void {
  Object.defineProperty(members, name, { value, enumerable: true, configurable: true, writable: true });
}

/** What an embedder gives for the imports of a component: things of its own, and what other components export. */
import type { ResourceBinding } from "../../abi/guest.ts";
import { camelCase, pascalCase } from "../../abi/names.ts";
import { canStandFor } from "../../abi/compatible-version.ts";
import { memberOf } from "../../abi/members.ts";
import type { FuncType, ResourceId } from "../../abi/types.ts";
import type { Definition } from "../../bind/definition.ts";
import type { Instance } from "../../bind/instance.ts";
import type { CoreModule } from "../../load/compiled.ts";
import type { FuncItem } from "../../load/plan/items.ts";
import type { LiftedFunction, Linked } from "../../load/link/link.ts";
import { told } from "../../io/told.ts";
import { UnsupportedComponentError } from "../../load/unsupported.ts";
import {
  exportedBy,
  hostImport,
  type ExportedInstance,
  type ImportedFunction,
  type Imports,
  type ImportValue,
  type Provider,
  type Providers,
} from "../imports.ts";
import { jsDefinition } from "./js-functions.ts";
import { embedderBinding } from "./js-resources.ts";

/** The providers of a component that its embedder gives something. */
export class GivenProviders implements Providers {
  readonly haveComponents: boolean;
  readonly #given: Imports;
  readonly #providers = new Map<string, Provider | undefined>();

  constructor(given: Imports) {
    for (const [name, value] of Object.entries(given)) {
      if ((typeof value !== "object" && typeof value !== "function") || value === null) {
        throw new TypeError(`imports[${JSON.stringify(name)}] must be a function or an object, got ${typeof value}`);
      }
    }
    this.#given = given;
    this.haveComponents = Object.values(given).some((value) => exportedBy(value));
  }

  of(name: string): Provider | undefined {
    if (!this.#providers.has(name)) this.#providers.set(name, this.#find(name));
    return this.#providers.get(name);
  }

  unused(imports: Iterable<string>): readonly string[] {
    const used = new Set<unknown>();
    for (const name of imports) {
      const member = memberOf(name);
      used.add(this.#value(name));
      if (member) used.add(this.#value(member.resource));
    }
    return Object.keys(this.#given).filter((key) => !used.has(this.#given[key]));
  }

  #find(name: string): Provider | undefined {
    const value = this.#value(name) ?? this.#memberValue(name);
    if (value === undefined) return hostImport(name);
    const exported = exportedBy(value);
    return exported ? new ComponentImport(exported) : new EmbedderImport(value, this.#classNamed(name));
  }

  /** By WIT's name; what is no interface also by its name in JavaScript. */
  #value(name: string): ImportValue | undefined {
    const value = this.#own(name) ?? this.#compatible(name);
    if (value !== undefined || name.includes(":")) return value;
    return this.#own(camelCase(name)) ?? this.#own(pascalCase(name));
  }

  #own(name: string): ImportValue | undefined {
    return isInherited(this.#given, name) ? undefined : this.#given[name];
  }

  /** A function of a resource type that is itself an import: the class says it. */
  #memberValue(name: string): ImportValue | undefined {
    const member = memberOf(name);
    const type = member && this.#classNamed(member.resource);
    return type && memberFunction({ [pascalCase(member.resource)]: type }, name);
  }

  /** The class for a resource type that is itself an import. */
  #classNamed(resource: string): ImportedClass | undefined {
    const value = this.#value(resource);
    if (value === undefined) return undefined;
    return classOf(value, resource) ?? (typeof value === "function" ? (value as unknown as ImportedClass) : undefined);
  }

  #compatible(name: string): ImportValue | undefined {
    const found = Object.entries(this.#given).find(([given]) => canStandFor(given, name));
    return found?.[1];
  }
}

/** What another component exports. */
export class ComponentImport {
  readonly is = "component";
  readonly #linked: Linked;
  readonly #exports: ExportedInstance["instance"]["exports"];

  constructor({ linked, instance }: ExportedInstance) {
    this.#linked = linked;
    this.#exports = instance.exports;
  }

  /** Whether it has the function. */
  has(member: string | undefined): boolean {
    return member !== undefined && this.#exports.get(member)?.sort === "func";
  }

  /** @throws {UnsupportedComponentError} If that component imports the function itself. */
  function([name, member = ""]: readonly string[]): LiftedFunction {
    const item = this.#exports.get(member);
    if (item?.sort !== "func" || item.func.is !== "lifted") {
      throw new UnsupportedComponentError(`${name}#${member} of a component that only gives it on`);
    }
    return { type: item.func.type, linked: this.#linked, func: item.func };
  }

  /** What stands for a resource type. */
  resource({ name }: ResourceId, member: string | undefined): ResourceBinding {
    const item = this.#exports.get(member ?? "");
    if (item?.sort === "type" && item.type.is === "resource") return this.#linked.binding(item.type.id);
    throw new UnsupportedComponentError(`a resource type ${name} that its provider does not export`);
  }

  /** A core module that it exports. */
  module(member: string | undefined): CoreModule | undefined {
    const item = member === undefined ? undefined : this.#exports.get(member);
    return item?.sort === "core module" ? this.#linked.module(item.module) : undefined;
  }
}

/** Something of an embedder's own. */
export class EmbedderImport {
  readonly is = "embedder";
  readonly #value: ImportValue;
  readonly #class: ImportedClass | undefined;

  /** @param type The class, for a resource type that is itself an import. */
  constructor(value: ImportValue, type: ImportedClass | undefined) {
    this.#value = value;
    this.#class = type;
  }

  /** Whether it has the function, or is it. */
  has(member: string | undefined, func: FuncItem): boolean {
    return func.is === "imported" && this.function(member) !== undefined;
  }

  /** What is wrong with what it has in the place of a function that it has not. */
  wrong(member: string): string {
    return wrongMember(this.#value, member);
  }

  /** The function that it has, or is. */
  function(member: string | undefined): ImportedFunction | undefined {
    return member === undefined ? functionOf(this.#value) : memberFunction(this.#value, member);
  }

  /** The function as a guest calls it, which it has. */
  definition([name, member]: readonly string[], type: FuncType): Definition {
    const run = this.function(member);
    if (!run) throw new Error(`${name}#${member} was there before`);
    return jsDefinition(type, run);
  }

  /** What stands for a resource type. */
  resource({ name }: ResourceId, member: string | undefined, instance: Instance): ResourceBinding {
    return embedderBinding(name, member === undefined ? this.#class : classOf(this.#value, member), instance);
  }

  /** The core module that it has, or is. */
  module(member: string | undefined): CoreModule | undefined {
    const value = this.#value;
    const given = member === undefined ? value : (property(value, camelCase(member)) ?? property(value, member));
    return given instanceof WebAssembly.Module ? given : undefined;
  }
}

/** The function that is itself an import; jco's way to give one is `{ default: f }`. */
function functionOf(value: ImportValue): ImportedFunction | undefined {
  if (typeof value === "function") return value as ImportedFunction;
  return "default" in value && typeof value.default === "function" ? (value.default as ImportedFunction) : undefined;
}

/** What carries out a function of an interface that the embedder gives: by WIT's name or in camel case. */
function memberFunction(value: ImportValue, name: string): ImportedFunction | undefined {
  const member = memberOf(name);
  if (!member) {
    const given = property(value, camelCase(name)) ?? property(value, name);
    return typeof given === "function" ? (given.bind(value) as ImportedFunction) : undefined;
  }
  const type = classOf(value, member.resource);
  if (!type) return undefined;
  if (member.form === "constructor") return (...args) => Reflect.construct(type, args);
  const key = camelCase(member.name);
  if (member.form === "static") {
    const given = property(type, key);
    return typeof given === "function" ? (given.bind(type) as ImportedFunction) : undefined;
  }
  const prototype: unknown = type.prototype;
  if (typeof prototype !== "object" || prototype === null || typeof property(prototype, key) !== "function") {
    return undefined;
  }
  return (...args) => {
    const [self, ...rest] = args as readonly unknown[];
    // A guest is checked to lend a resource of this class; whoever else calls it is not.
    const method = typeof self === "object" && self !== null ? property(self, key) : undefined;
    if (typeof method !== "function") {
      throw new TypeError(`${name} is called for what is no resource ${member.resource}`);
    }
    return method.apply(self, rest) as unknown;
  };
}

/** In words, of a function of an interface that is not there: what is expected where, and what came. */
function wrongMember(value: ImportValue, name: string): string {
  const member = memberOf(name);
  const key = camelCase(member ? member.name : name);
  if (!member) return `expected a function ${key}, got ${told(property(value, key))}`;
  const resource = pascalCase(member.resource);
  const type = classOf(value, member.resource);
  if (!type) return `expected a class ${resource}, got ${told(property(value, resource))}`;
  return member.form === "static"
    ? `expected a static function ${key} of the class ${resource}, got ${told(property(type, key))}`
    : `expected a method ${key} of the class ${resource}, got ${told(property(Object(type.prototype) as object, key))}`;
}

/** The class for a resource type of an interface. */
function classOf(value: ImportValue, resource: string): ImportedClass | undefined {
  const given = property(value, pascalCase(resource));
  return typeof given === "function" ? (given as unknown as ImportedClass) : undefined;
}

export type ImportedClass = (new (...args: never[]) => object) & { readonly name: string };

function property(value: object, name: string): unknown {
  return isInherited(value, name) ? undefined : (value as Record<string, unknown>)[name];
}

/**
 * Whether it is what every object has, or every function or class, such as `toString`, `call` or `constructor`: a member
 * may have such a name, and be missing.
 */
function isInherited(value: object, name: string): boolean {
  const inherited: object = typeof value === "function" ? Function.prototype : Object.prototype;
  if (!(name in inherited)) return false;
  for (let holder: unknown = value; canHold(holder) && holder !== inherited; holder = Object.getPrototypeOf(holder)) {
    if (Object.hasOwn(holder, name)) return name === "constructor" && isClassOf(Reflect.get(holder, name), holder);
  }
  return true;
}

function canHold(value: unknown): value is object {
  return (typeof value === "object" || typeof value === "function") && value !== null;
}

function isClassOf(type: unknown, prototype: object): boolean {
  return typeof type === "function" && type.prototype === prototype;
}

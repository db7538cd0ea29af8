/** Who gives what a component imports: the embedder, another component, or we. */
import { camelCase, compatibleVersion, memberOf, pascalCase, splitVersion } from "../abi/names.ts";
import type { Interface } from "../bind/definition.ts";
import { interfaceOf, INTERFACES } from "../bind/interfaces.ts";
import type { FuncItem, InstanceItem, Item, Plan } from "../load/items.ts";
import type { CoreModule } from "../load/compiled.ts";
import type { Linked } from "../load/link.ts";

/** The newest version of WASI 0.2 whose interfaces are implemented in full. */
export const WASI_VERSION = "0.2.12";

/** A function of the embedder's, given what the guest passes. */
export type ImportedFunction = (...args: never[]) => unknown;

/**
 * What an embedder gives for one import: a function; an object of functions and classes, in camel case; what another
 * component exports; or a `WebAssembly.Module`.
 */
export type ImportValue = ImportedFunction | object;

/** By WIT's names, such as `a:b/c@1.2.0`, with the version or without. */
export type Imports = Readonly<Record<string, ImportValue>>;

/** A component imports what this host does not provide. Thrown before anything of it runs. */
export class MissingImportsError extends Error {
  override readonly name: string = "MissingImportsError";
  /** Names with versions, such as `wasi:http/types@0.2.0`; a function of an interface as `a:b/c@1.0.0#f`. */
  readonly missing: readonly string[];
  /** What would have been provided, if that is not what any component is. */
  readonly provided: string | undefined;

  constructor(missing: readonly string[], provided?: string) {
    super(
      `The component imports what this host does not provide:\n${missing.map((name) => `  ${name}`).join("\n")}\n` +
        (provided ??
          `Provided at every version 0.2.x: ${[...INTERFACES.keys()].join(", ")}; those of WASI 0.3.x; ` +
            "anything else can be given in the option `imports`"),
    );
    this.missing = missing;
    this.provided = provided;
  }
}

/** What another component exports, behind the object that its embedder has of it. */
export interface ExportedInstance {
  readonly linked: Linked;
  readonly instance: InstanceItem;
}

const exportedInstances = new WeakMap<object, ExportedInstance>();

/** Remembers what an object of functions stands for, so that it can be another component's import. */
export function rememberExport(object: object, exported: ExportedInstance): void {
  exportedInstances.set(object, exported);
}

/** Who provides one import. */
export type Provider =
  | { readonly is: "host"; readonly interface: Interface }
  | { readonly is: "component"; readonly exported: ExportedInstance }
  | { readonly is: "embedder"; readonly value: ImportValue };

/** The providers of all imports of a component. */
export class Providers {
  readonly #given: Imports;
  readonly #providers = new Map<string, Provider | undefined>();

  constructor(given: Imports) {
    for (const [name, value] of Object.entries(given)) {
      if ((typeof value !== "object" && typeof value !== "function") || value === null) {
        throw new TypeError(`imports[${JSON.stringify(name)}] must be a function or an object, got ${typeof value}`);
      }
    }
    this.#given = given;
  }

  /** Whether some of what is given is another component's. */
  get haveComponents(): boolean {
    return Object.values(this.#given).some((value) => exportedInstances.has(value));
  }

  /** Who provides the import of this name, if anybody does. */
  of(name: string): Provider | undefined {
    if (!this.#providers.has(name)) this.#providers.set(name, this.#find(name));
    return this.#providers.get(name);
  }

  #find(name: string): Provider | undefined {
    const value = this.#value(name) ?? this.#memberValue(name);
    if (value !== undefined) {
      const exported = exportedInstances.get(value);
      return exported ? { is: "component", exported } : { is: "embedder", value };
    }
    const known = interfaceOf(name);
    return known && { is: "host", interface: known };
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
    const type = member && this.classNamed(member.resource);
    return type && memberFunction({ [pascalCase(member.resource)]: type }, name);
  }

  /** The class for a resource type that is itself an import. */
  classNamed(resource: string): ImportedClass | undefined {
    const value = this.#value(resource);
    if (value === undefined) return undefined;
    return classOf(value, resource) ?? (typeof value === "function" ? (value as unknown as ImportedClass) : undefined);
  }

  #compatible(name: string): ImportValue | undefined {
    const [plain, version] = splitVersion(name);
    const wanted = compatibleVersion(version);
    const found = Object.entries(this.#given).find(([key]) => {
      const [keyPlain, keyVersion] = splitVersion(key);
      return keyPlain === plain && (keyVersion === "" || compatibleVersion(keyVersion) === wanted);
    });
    return found?.[1];
  }

  /** @throws {MissingImportsError} With all that nobody provides. */
  assertComplete({ imports, resources }: Plan): void {
    // A type that is imported may be one of another import.
    const own = new Set(resources.flatMap(({ origin }) => (origin.is === "imported" ? origin.path.join("#") : [])));
    const missing = [...imports].flatMap(([name, item]) =>
      item.sort === "type" && !own.has(name) ? [] : this.#missing(name, item),
    );
    if (missing.length > 0) throw new MissingImportsError(missing);
  }

  #missing(name: string, item: Item): string[] {
    const provider = this.of(name);
    switch (item.sort) {
      case "func":
        return provider?.is === "embedder" && functionOf(provider.value) ? [] : [name];
      case "core module":
        return provider && moduleOf(provider) ? [] : [name];
      case "instance":
        return needsNobody(item.instance) ? [] : provider ? missingOf(name, item.instance, provider) : [name];
      case "type":
        return item.type.is !== "resource" || provider ? [] : [name];
      case "component":
        // Nobody can give one: the plan says that it is not supported.
        return [];
    }
  }
}

/** Whether an instance has only types that are known without anybody. */
function needsNobody({ exports }: InstanceItem): boolean {
  return [...exports.values()].every((item) =>
    item.sort === "instance" ? needsNobody(item.instance) : item.sort === "type" && item.type.is !== "resource",
  );
}

function missingOf(name: string, { exports }: InstanceItem, provider: Provider): string[] {
  return [...exports].flatMap(([member, item]) => {
    if (item.sort !== "func" && item.sort !== "core module") return [];
    const isGiven = item.sort === "func" ? has(provider, member, item.func) : moduleOf(provider, member);
    return isGiven ? [] : [`${name}#${member}`];
  });
}

function has(provider: Provider, member: string, func: FuncItem): boolean {
  switch (provider.is) {
    case "host":
      return Object.hasOwn(provider.interface.functions, member);
    case "component":
      return provider.exported.instance.exports.get(member)?.sort === "func";
    case "embedder":
      return func.is === "imported" && memberFunction(provider.value, member) !== undefined;
  }
}

/** A core module that is imported, or that is in an instance that is. */
export function moduleOf(provider: Provider, member?: string): CoreModule | undefined {
  if (provider.is === "component") {
    const { instance, linked } = provider.exported;
    const item = member === undefined ? undefined : instance.exports.get(member);
    return item?.sort === "core module" ? linked.module(item.module) : undefined;
  }
  if (provider.is !== "embedder") return undefined;
  const { value } = provider;
  const given = member === undefined ? value : (property(value, camelCase(member)) ?? property(value, member));
  return given instanceof WebAssembly.Module ? given : undefined;
}

/** The function that is itself an import; jco's way to give one is `{ default: f }`. */
export function functionOf(value: ImportValue): ImportedFunction | undefined {
  if (typeof value === "function") return value as ImportedFunction;
  return "default" in value && typeof value.default === "function" ? (value.default as ImportedFunction) : undefined;
}

/** What carries out a function of an interface that the embedder gives: by WIT's name or in camel case. */
export function memberFunction(value: ImportValue, name: string): ImportedFunction | undefined {
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

/** The class for a resource type of an interface. */
export function classOf(value: ImportValue, resource: string): ImportedClass | undefined {
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

/** One interface, or the types and functions of a world, in the language of WIT. */
import { isInterfaceName, isLabel, isVersion } from "../../abi/name-rules.ts";
import { memberOf } from "../../abi/members.ts";
import { splitVersion } from "../../abi/names.ts";
import type { FuncType, ResourceId, ValType } from "../../abi/types.ts";
import type { TextBudget } from "../plan/text-budget.ts";
import type { TypeItem } from "../plan/type-scope.ts";
import { needsName, type Home, type Place, type TypeNames } from "../plan/type-names.ts";
import { witId, WitTypes } from "./types.ts";

/** The name of an interface, in its parts. */
export interface InterfaceName {
  /** `wasi:io@0.2.3`, as it is written. */
  readonly package: string;
  /** `streams`, as it is written. */
  readonly interface: string;
}

/** `undefined` for a name that WIT cannot say. */
export function interfaceName(name: string): InterfaceName | undefined {
  const [plain, version] = splitVersion(name);
  const [namespace, project, last] = plain.split(/[:/]/);
  if (!isInterfaceName(name) || namespace === undefined || project === undefined || last === undefined)
    return undefined;
  // What a package has in common with others is no version of its own.
  if (version !== "" && !isVersion(version)) return undefined;
  const suffix = version === "" ? "" : `@${version}`;
  return { package: `${witId(namespace)}:${witId(project)}${suffix}`, interface: witId(last) };
}

/** How an interface is named from within a package: in full, unless it is its own. */
export function pathOf(name: InterfaceName, from: string | undefined): string {
  if (name.package === from) return name.interface;
  const [plain, version] = splitVersion(name.package);
  return `${plain}/${name.interface}${version === "" ? "" : `@${version}`}`;
}

export class WitInterface {
  readonly #place: Place;
  readonly #names: TypeNames;
  readonly #package: string | undefined;
  readonly #types: WitTypes;
  /** Types of other interfaces, by their names here. */
  readonly #uses = new Map<string, { readonly path: string; readonly name: string }>();
  readonly #definitions = new Map<string, readonly string[]>();
  readonly #resources = new Map<string, Map<string, string>>();
  readonly #functions = new Map<string, string>();
  /** Names for what has none, but must. */
  readonly #given = new Map<ValType | ResourceId, string>();

  /** @param package_ In which it is written; none for a world, and an interface within it. */
  constructor(place: Place, names: TypeNames, package_: string | undefined, budget: TextBudget) {
    this.#place = place;
    this.#names = names;
    this.#package = package_;
    this.#types = new WitTypes(
      { nameOf: (type) => this.#nameOf(type), nameOfResource: (id) => this.#nameOfResource(id) },
      budget,
    );
    for (const [name, item] of place.items) if (item.sort === "type" && isLabel(name)) this.#type(name, item.type);
    for (const [name, item] of place.items) if (item.sort === "func") this.function(name, item.func.type);
  }

  #type(name: string, item: TypeItem): void {
    if (item.is === "resource") {
      if (this.#use(name, this.#names.homeOfResource(item.id))) return;
      const first = this.#names.resourceIn(this.#place, item.id) ?? name;
      if (first === name) this.#resources.set(name, new Map());
      else this.#definitions.set(name, [`type ${witId(name)} = ${witId(first)};`]);
      return;
    }
    if (item.is !== "value" || this.#use(name, this.#names.homeOf(item.type))) return;
    const first = this.#names.nameIn(this.#place, item.type);
    this.#definitions.set(name, this.#types.definition(name, item.type, first === name ? undefined : first));
  }

  /** Adds a function, or one of a resource that is here. */
  function(name: string, type: FuncType): void {
    const member = memberOf(name);
    const members = member && this.#resources.get(member.resource);
    if (!member || !members) {
      // WIT has no words for a function of a resource of another interface, nor for a name that is no label.
      if (isLabel(name)) this.#functions.set(name, this.functionLine(name, type));
      return;
    }
    const id = witId(member.name);
    if (member.form === "constructor") members.set(name, `${this.#types.construct(type)};`);
    else if (member.form === "static") members.set(name, `${id}: static ${this.#types.function(type)};`);
    else members.set(name, `${id}: ${this.#types.function(type, true)};`);
  }

  /** Whether the type is that of another interface, which is then used. */
  #use(name: string, home: Home | undefined): boolean {
    if (!home || home.place === this.#place || home.place.name === this.#place.name) return false;
    const from = interfaceName(home.place.name);
    if (!from) return false;
    this.#uses.set(name, { path: pathOf(from, this.#package), name: home.name });
    return true;
  }

  #nameOf(type: ValType): string | undefined {
    const known = this.#names.nameIn(this.#place, type) ?? this.#given.get(type);
    if (known !== undefined || !needsName(type)) return known;
    const name = this.#freeName("anonymous");
    this.#given.set(type, name);
    this.#definitions.set(name, []);
    this.#definitions.set(name, this.#types.definition(name, type));
    return name;
  }

  #nameOfResource(id: ResourceId): string {
    const known = this.#names.resourceIn(this.#place, id) ?? this.#given.get(id);
    if (known !== undefined) return known;
    const home = this.#names.homeOfResource(id);
    const name = this.#freeName(home?.name ?? "anonymous");
    this.#given.set(id, name);
    if (!this.#use(name, home)) this.#resources.set(name, new Map());
    return name;
  }

  #freeName(wanted: string): string {
    let name = wanted;
    const isTaken = (): boolean =>
      [this.#place.items, this.#uses, this.#definitions, this.#resources].some((names) => names.has(name));
    for (let count = 2; isTaken(); count++) name = `${wanted}-x${count}`;
    return name;
  }

  /** Adds what another has and this one has not: of an interface that is imported and exported each says what it needs. */
  merge(other: WitInterface): void {
    addMissing(this.#uses, other.#uses);
    addMissing(this.#definitions, other.#definitions);
    addMissing(this.#functions, other.#functions);
    for (const [name, members] of other.#resources) {
      const own = this.#resources.get(name);
      if (own) addMissing(own, members);
      else this.#resources.set(name, members);
    }
  }

  /** What is between the braces, in groups that a line is between. */
  groups(): string[][] {
    return [...this.typeGroups(), [...this.#functions.values()]];
  }

  /** Without functions that are of no resource. */
  typeGroups(): string[][] {
    const byPath = new Map<string, string[]>();
    for (const [local, { path, name }] of this.#uses) {
      const names = byPath.get(path) ?? [];
      names.push(local === name ? witId(name) : `${witId(name)} as ${witId(local)}`);
      byPath.set(path, names);
    }
    return [
      [...byPath].map(([path, names]) => `use ${path}.{${names.join(", ")}};`),
      ...[...this.#definitions.values()].map((lines) => [...lines]),
      ...[...this.#resources].map(([name, members]) => resourceLines(name, [...members.values()])),
    ];
  }

  /** A function with its name. */
  functionLine(name: string, type: FuncType): string {
    return `${witId(name)}: ${this.#types.function(type)};`;
  }
}

function resourceLines(name: string, members: readonly string[]): string[] {
  if (members.length === 0) return [`resource ${witId(name)};`];
  return [`resource ${witId(name)} {`, ...members.map((member) => `  ${member}`), "}"];
}

function addMissing<K, V>(into: Map<K, V>, from: ReadonlyMap<K, V>): void {
  for (const [key, value] of from) if (!into.has(key)) into.set(key, value);
}

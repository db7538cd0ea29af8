/** What a component imports and exports, as declarations of TypeScript for those who embed it. */
import { isLabel } from "../../abi/name-rules.ts";
import { memberOf } from "../../abi/members.ts";
import { pascalCase, splitVersion } from "../../abi/names.ts";
import type { ResourceId, ValType } from "../../abi/types.ts";
import { DeclarationFunctions, functionKey, type Side } from "./declaration-functions.ts";
import {
  DeclarationTypes,
  flagFields,
  GLOBAL_TYPES,
  HELD,
  key,
  LIBRARY_TYPES,
  type DeclaredNames,
} from "./declaration-types.ts";
import type { Item, Plan } from "../plan/items.ts";
import { asLiteral, TextBudget } from "../plan/text-budget.ts";
import { TypeNames, type Home, type Place } from "../plan/type-names.ts";

/**
 * A module of types alone: `Imports`, what `instantiate` takes, and `Exports`, what an instance has, with a namespace
 * for each interface whose types have names. Nothing of a component's text is in it but as strings and as checked
 * identifiers.
 *
 * @param isProvided Whether the host provides the import of this name: it is then optional.
 * @throws {InvalidComponentError} If the component's types are too large to be written down.
 */
export function declarationsOf(plan: Plan, isProvided: (name: string) => boolean): string {
  return new Declarations(plan, isProvided).text();
}

class Declarations implements DeclaredNames {
  readonly names: TypeNames;
  readonly #plan: Plan;
  readonly #isProvided: (name: string) => boolean;
  readonly #budget = new TextBudget();
  readonly #declared = new Map<Place, PlaceDeclarations>();
  /** Types that are written once, at the top. */
  readonly #used = new Set<string>();
  /** Resource types whose class is somewhere among the exports. */
  readonly #exportedClasses = new Set<ResourceId>();

  constructor(plan: Plan, isProvided: (name: string) => boolean) {
    this.#plan = plan;
    this.#isProvided = isProvided;
    this.names = new TypeNames(plan);
    const top = new Allocator(["Imports", "Exports", HELD, ...LIBRARY_TYPES, ...GLOBAL_TYPES]);
    const { imports, world, exports } = this.names;
    const worldTypes = typeNames(world, top, (name) => this.#isHome(world, name));
    this.#declared.set(world, { namespace: undefined, types: worldTypes });
    const imported = new Set(imports.map(({ name }) => name));
    for (const place of [...imports, ...exports]) {
      const prefix = place.side === "export" && imported.has(place.name) ? "Exported" : "";
      const namespace = top.take(namespaceNames(place.name).map((name) => prefix + name));
      // Nothing in it may hide what its types name from outside.
      const inner = new Allocator([HELD, ...LIBRARY_TYPES, ...GLOBAL_TYPES, ...worldTypes.values()]);
      const types = typeNames(place, inner, () => true);
      this.#declared.set(place, { namespace, types });
    }
  }

  /** Whether a type of this name is defined in this place, and not only used. */
  #isHome(place: Place, name: string): boolean {
    const item = place.items.get(name);
    if (item?.sort !== "type") return false;
    if (item.type.is === "resource") return !this.#isUsed(place, item.type.id);
    return item.type.is !== "value" || (this.names.homeOf(item.type.type)?.place ?? place) === place;
  }

  isProvided(name: string): boolean {
    return this.#isProvided(name);
  }

  declared({ place, name }: Home): string | undefined {
    const declared = this.#declared.get(place);
    const type = declared?.types.get(name);
    if (type === undefined) return undefined;
    return declared?.namespace === undefined ? type : `${declared.namespace}.${type}`;
  }

  text(): string {
    const { imports, world, exports } = this.names;
    const importsType = this.#importsType();
    const exportsType = this.#exportsType();
    const namespaces = [...imports, ...exports].flatMap((place) => this.#namespace(place));
    const types = this.#typeLines(world);
    const used = LIBRARY_TYPES.filter((name) => this.#used.has(name));
    return [
      "// Made by `sluice types`: what a component imports and exports, for those who embed it.",
      ...(used.length > 0 ? [`import type { ${used.join(", ")} } from "sluice";`] : []),
      "",
      ...["/** The option `imports` of `instantiate`. */", ...importsType, ""],
      ...["/** The `exports` of an instance. */", ...exportsType],
      ...(types.length > 0 ? ["", ...types] : []),
      ...namespaces,
      ...(this.#used.has(HELD) ? HELD_LINES : []),
      "",
    ].join("\n");
  }

  #importsType(): string[] {
    const functions = this.#functions(this.names.world, "import");
    const places = new Map(this.names.imports.map((place) => [place.name, place]));
    const lines = [...this.#plan.imports].flatMap(([name, item]): readonly string[] => {
      const place = places.get(name);
      if (place) return this.#importedInstance(place);
      switch (item.sort) {
        case "func":
          return functions.method(asLiteral(name), item.func.type);
        case "type":
          if (item.type.is !== "resource" || this.#isUsed(this.names.world, item.type.id)) return [];
          return [`readonly ${asLiteral(name)}: { readonly ${key(pascalCase(name))}?: ${ANY_CLASS} };`];
        default:
          // A core module: not every environment has a type for it.
          return [`readonly ${asLiteral(name)}: object;`];
      }
    });
    return typeAlias("Imports", lines);
  }

  #importedInstance(place: Place): string[] {
    const isProvided = this.#isProvided(place.name);
    const functions = this.#functions(place, "import");
    const members = [
      ...functions.classes(place.items, this.#importedClasses(place)),
      ...functions.functions(place.items),
    ];
    const hasResource = [...place.items.values()].some((item) => item.sort === "type" && item.type.is === "resource");
    if (members.length === 0) return hasResource && !isProvided ? [`readonly ${asLiteral(place.name)}: object;`] : [];
    return [
      ...(isProvided ? ["/** Provided by the host, unless it is given. */"] : []),
      `readonly ${asLiteral(place.name)}${isProvided ? "?" : ""}: {`,
      ...members.map((line) => `  ${line}`),
      "};",
    ];
  }

  /** The classes that an interface needs: of its own resource types, and of those that it has functions of. */
  #importedClasses(place: Place): Map<string, string> {
    const classes = new Map<string, string>();
    for (const [name, item] of place.items) {
      const resource = item.sort === "type" && item.type.is === "resource" ? name : memberOf(name)?.resource;
      if (resource === undefined || classes.has(resource)) continue;
      const type = place.items.get(resource);
      if (type?.sort !== "type" || type.type.is !== "resource") continue;
      if (item.sort === "type" && this.#isUsed(place, type.type.id)) continue;
      classes.set(resource, this.declared({ place, name: resource }) ?? "object");
    }
    return classes;
  }

  /** Whether a resource type is another interface's. */
  #isUsed(place: Place, id: ResourceId): boolean {
    const home = this.names.homeOfResource(id);
    return home !== undefined && home.place !== place;
  }

  #exportsType(): string[] {
    const { world, exports } = this.names;
    const functions = this.#functions(world, "export");
    const members = new Map<string, readonly string[]>();
    const classes = this.#ownClasses(world, this.#plan.exports);
    members.set("", functions.classes(this.#plan.exports, classes));
    const places = new Map(exports.map((place) => [place.name, place]));
    for (const [name, item] of this.#plan.exports) {
      const place = places.get(name);
      // As in an object: of two with one key, the later counts.
      if (item.sort === "func" && !memberOf(name)) {
        const own = functionKey(name, "export");
        members.set(own, functions.method(own, item.func.type));
      } else if (place) members.set(name, this.#exportedInstance(place));
      else if (item.sort === "core module") members.set(name, [`readonly ${asLiteral(name)}: object;`]);
    }
    return typeAlias("Exports", [...members.values()].flat());
  }

  #exportedInstance(place: Place): string[] {
    const classes = this.#ownClasses(place, place.items);
    const functions = this.#functions(place, "export");
    const members = [...functions.classes(place.items, classes), ...functions.functions(place.items)];
    if (members.length === 0) return [`readonly ${asLiteral(place.name)}: object;`];
    return [`readonly ${asLiteral(place.name)}: {`, ...members.map((line) => `  ${line}`), "};"];
  }

  /** The classes of resource types that the component defines and exports here first. */
  #ownClasses(place: Place, items: ReadonlyMap<string, Item>): Map<string, string> {
    const classes = new Map<string, string>();
    for (const [name, item] of items) {
      if (item.sort !== "type" || item.type.is !== "resource") continue;
      const { id } = item.type;
      if (this.#plan.resources[id.slot]?.origin.is !== "defined" || this.#exportedClasses.has(id)) continue;
      this.#exportedClasses.add(id);
      classes.set(name, this.declared({ place, name }) ?? "object");
    }
    return classes;
  }

  #functions(place: Place, side: Side): DeclarationFunctions {
    return new DeclarationFunctions(this.#types(place), side);
  }

  #types(place: Place): DeclarationTypes {
    return new DeclarationTypes(place, this.#plan, this, this.#budget, this.#used);
  }

  #namespace(place: Place): string[] {
    const lines = this.#typeLines(place);
    if (lines.length === 0) return [];
    const { namespace = "" } = this.#declared.get(place) ?? {};
    return ["", `// ${place.side} ${asLiteral(place.name)}`, ...braces(`export namespace ${namespace}`, lines)];
  }

  /** Declarations of the types that a place has names for. */
  #typeLines(place: Place): string[] {
    const { types = new Map<string, string>() } = this.#declared.get(place) ?? {};
    return [...types].flatMap(([name, declared]) => {
      const item = place.items.get(name);
      if (item?.sort !== "type") return [];
      if (item.type.is === "value") return this.#valueType(place, name, declared, item.type.type);
      if (item.type.is !== "resource" || this.#isUsed(place, item.type.id)) return [];
      const home = this.names.homeOfResource(item.type.id);
      if (home && home.name !== name) return [`export type ${declared} = ${this.declared(home) ?? "object"};`];
      return this.#resourceType(place, name, declared, item.type.id);
    });
  }

  #valueType(place: Place, name: string, declared: string, type: ValType): string[] {
    const types = this.#types(place);
    const home = this.names.homeOf(type);
    // Another name of a type that has one.
    if (home && (home.place !== place || home.name !== name)) {
      return [`export type ${declared} = ${this.declared(home) ?? types.use(type, "named")};`];
    }
    if (type.kind === "record") return braces(`export interface ${declared}`, types.fields(type.fields, "named"));
    if (type.kind === "flags") return braces(`export interface ${declared}`, flagFields(type.names));
    const alternatives = types.alternatives(type, "named");
    if (alternatives.join(" | ").length > MAX_LINE) {
      return [
        `export type ${declared} =`,
        ...alternatives.map((one, at) => `  | ${one}${at + 1 === alternatives.length ? ";" : ""}`),
      ];
    }
    return [`export type ${declared} = ${alternatives.join(" | ")};`];
  }

  #resourceType(place: Place, name: string, declared: string, id: ResourceId): string[] {
    const isDefined = this.#plan.resources[id.slot]?.origin.is === "defined";
    // Those of the world are functions that are imported one by one.
    const items = place.side !== "world" ? place.items : isDefined ? this.#plan.exports : new Map<string, Item>();
    const methods = this.#functions(place, isDefined ? "export" : "import").methods(items, name);
    if (isDefined) return braces(`export interface ${declared}`, [...methods, "[Symbol.dispose](): void;"]);
    if (methods.length === 0) return [`export type ${declared} = object;`];
    return braces(`export interface ${declared}`, [
      ...methods,
      "/** Called when no guest has it any more. */",
      "[Symbol.dispose]?(): void;",
    ]);
  }
}

/** Characters of a type that are on one line. */
const MAX_LINE = 80;

const ANY_CLASS = "abstract new (...args: never[]) => object";

/** What types of one interface are called. */
interface PlaceDeclarations {
  /** None for the world. */
  readonly namespace: string | undefined;
  /** By WIT's names. */
  readonly types: ReadonlyMap<string, string>;
}

const HELD_LINES: readonly string[] = [
  "",
  "declare const held: unique symbol;",
  "/** A resource of the host's, as a guest has given it: to be given to a guest again, or disposed of. */",
  ...braces(`export interface ${HELD}<Name extends string>`, ["readonly [held]: Name;", "[Symbol.dispose](): void;"]),
];

/** Gives each name once. */
class Allocator {
  readonly #taken: Set<string>;

  constructor(taken: Iterable<string>) {
    this.#taken = new Set(taken);
  }

  /** The first of `wanted` that is free, or the last one with a number. */
  take(wanted: readonly string[]): string {
    const last = wanted.at(-1) ?? "";
    let name = wanted.find((candidate) => !this.#taken.has(candidate));
    for (let count = 2; name === undefined; count++) {
      if (!this.#taken.has(`${last}_${count}`)) name = `${last}_${count}`;
    }
    this.#taken.add(name);
    return name;
  }
}

function typeNames({ items }: Place, allocator: Allocator, isDeclared: (name: string) => boolean): Map<string, string> {
  const names = [...items].flatMap(([name, item]) => (item.sort === "type" && isLabel(name) ? [name] : []));
  return new Map(names.filter(isDeclared).map((name) => [name, allocator.take([pascalCase(name)])]));
}

/** Names for the namespace of an interface, from the shortest on. */
function namespaceNames(name: string): string[] {
  const [plain, version] = splitVersion(name);
  const words = plain.split(/[:/]/);
  if (!words.every(isLabel)) return ["Dependency"];
  const names = words.map((_, index) =>
    words
      .slice(words.length - 1 - index)
      .map(pascalCase)
      .join(""),
  );
  return version === "" ? names : [...names, `${names.at(-1) ?? ""}_${version.replaceAll(/[^0-9A-Za-z]/g, "_")}`];
}

function braces(head: string, lines: readonly string[]): string[] {
  return [`${head} {`, ...lines.map((line) => `  ${line}`), "}"];
}

function typeAlias(name: string, lines: readonly string[]): string[] {
  if (lines.length === 0) return [`export type ${name} = Record<string, never>;`];
  return [`export type ${name} = {`, ...lines.map((line) => `  ${line}`), "};"];
}

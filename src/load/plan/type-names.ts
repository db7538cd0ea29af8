/** Which names the types of a component have, and where: in its interfaces, and in its world. */
import { isLabel } from "../../abi/name-rules.ts";
import type { ResourceId, ValType } from "../../abi/types.ts";
import type { Item, Plan } from "./items.ts";

/** An interface that a component imports or exports, or its world: whatever has types with names. */
export interface Place {
  readonly side: "import" | "export" | "world";
  /** That of the import or export; empty for the world. */
  readonly name: string;
  readonly items: ReadonlyMap<string, Item>;
}

/** Where a type is defined, and as what. */
export interface Home {
  readonly place: Place;
  readonly name: string;
}

/** Types that WIT cannot write without a name. */
const NAMED_KINDS: ReadonlySet<string> = new Set(["record", "variant", "enum", "flags"]);

export function needsName(type: ValType): boolean {
  return NAMED_KINDS.has(type.kind);
}

export class TypeNames {
  readonly imports: readonly Place[];
  readonly world: Place;
  readonly exports: readonly Place[];
  readonly #structures = new Structures();
  readonly #homes = new Map<ValType, Home>();
  readonly #resourceHomes = new Map<ResourceId, Home>();
  readonly #byPlace = new Map<Place, PlaceNames>();

  constructor({ imports, exports }: Plan) {
    this.imports = instancesOf("import", imports);
    this.exports = instancesOf("export", exports);
    this.world = {
      side: "world",
      name: "",
      items: new Map([...typesOf(imports), ...typesOf(exports).filter(([name]) => !imports.has(name))]),
    };
    for (const place of [...this.imports, this.world, ...this.exports]) this.#register(place);
  }

  #register(place: Place): void {
    const names: PlaceNames = { types: new Map(), structures: new Map(), resources: new Map() };
    this.#byPlace.set(place, names);
    for (const [name, item] of place.items) {
      if (item.sort !== "type" || !isLabel(name)) continue;
      const home = { place, name };
      if (item.type.is === "resource") {
        setFirst(names.resources, item.type.id, name);
        setFirst(this.#resourceHomes, item.type.id, home);
      }
      if (item.type.is !== "value") continue;
      const { type } = item.type;
      if (!canHaveName(type)) continue;
      setFirst(names.types, type, name);
      setFirst(this.#homes, type, home);
      if (needsName(type)) setFirst(names.structures, this.#structures.of(type), name);
    }
  }

  /** The name that the type has in this place: its own, or that of a type there that is the same. */
  nameIn(place: Place, type: ValType): string | undefined {
    const names = this.#byPlace.get(place);
    const own = names?.types.get(type);
    if (own !== undefined || !needsName(type)) return own;
    // A function that a component exports has types of its own, which are those of the interface by what they are.
    return names?.structures.get(this.#structures.of(type));
  }

  resourceIn(place: Place, id: ResourceId): string | undefined {
    return this.#byPlace.get(place)?.resources.get(id);
  }

  /** Where the type is first named: in the interface that defines it. */
  homeOf(type: ValType): Home | undefined {
    return this.#homes.get(type);
  }

  /** Where the type is defined that is meant in this place. */
  homeFrom(place: Place, type: ValType): Home | undefined {
    const item = place.items.get(this.nameIn(place, type) ?? "");
    return this.homeOf(item?.sort === "type" && item.type.is === "value" ? item.type.type : type);
  }

  homeOfResource(id: ResourceId): Home | undefined {
    return this.#resourceHomes.get(id);
  }
}

interface PlaceNames {
  readonly types: Map<ValType, string>;
  readonly structures: Map<number, string>;
  readonly resources: Map<ResourceId, string>;
}

function instancesOf(side: "import" | "export", items: ReadonlyMap<string, Item>): Place[] {
  return [...items].flatMap(([name, item]) =>
    item.sort === "instance" ? [{ side, name, items: item.instance.exports }] : [],
  );
}

function typesOf(items: ReadonlyMap<string, Item>): [string, Item][] {
  return [...items].filter(([, item]) => item.sort === "type");
}

/** All `u32` are one type, whatever one of them is called; a handle is known by its resource. */
function canHaveName(type: ValType): boolean {
  return COMPOSITE.has(type.kind);
}

const COMPOSITE: ReadonlySet<string> = new Set([
  ...NAMED_KINDS,
  "tuple",
  "option",
  "result",
  "list",
  "map",
  "stream",
  "future",
]);

function setFirst<K, V>(map: Map<K, V>, key: K, value: V): void {
  if (!map.has(key)) map.set(key, value);
}

/** A number for each type: the same for types that are the same. */
class Structures {
  readonly #known = new Map<ValType, number>();
  readonly #numbers = new Map<string, number>();

  of(type: ValType): number {
    let number = this.#known.get(type);
    if (number !== undefined) return number;
    const key = JSON.stringify(this.#key(type));
    number = this.#numbers.get(key) ?? this.#numbers.size;
    this.#numbers.set(key, number);
    this.#known.set(type, number);
    return number;
  }

  #optional(type: ValType | undefined): number {
    return type ? this.of(type) : -1;
  }

  #key(type: ValType): readonly unknown[] {
    switch (type.kind) {
      case "record":
        return [type.kind, ...type.fields.map((field) => [field.name, this.of(field.type)])];
      case "variant":
        return [type.kind, ...type.cases.map((one) => [one.name, this.#optional(one.type)])];
      case "tuple":
        return [type.kind, ...type.members.map((member) => this.of(member))];
      case "enum":
      case "flags":
        return [type.kind, ...type.names];
      case "option":
        return [type.kind, this.of(type.some)];
      case "result":
        return [type.kind, this.#optional(type.ok), this.#optional(type.err)];
      case "list":
        return [type.kind, this.of(type.element), type.length];
      case "map":
        return [type.kind, this.of(type.key), this.of(type.value)];
      case "own":
      case "borrow":
        return [type.kind, type.resource.slot];
      case "stream":
      case "future":
        return [type.kind, this.#optional(type.element)];
      default:
        return [type.kind];
    }
  }
}

/** Types as TypeScript has them, for values that pass between a guest and JavaScript. */
import { camelCaseAll, splitVersion } from "../../abi/names.ts";
import type { NamedType, ResourceId, ValType } from "../../abi/types.ts";
import type { Plan } from "../plan/items.ts";
import { asLiteral, type TextBudget } from "../plan/text-budget.ts";
import type { Home, Place, TypeNames } from "../plan/type-names.ts";
import { partsOf } from "../../abi/type-facts.ts";

/**
 * Where a value goes: what a guest gives is ours to change; what it is given may be whatever serves; what has a name
 * serves for both.
 */
export type Way = "from guest" | "to guest" | "named";

const SCALARS: Readonly<Record<string, string>> = {
  bool: "boolean",
  s8: "number",
  u8: "number",
  s16: "number",
  u16: "number",
  s32: "number",
  u32: "number",
  s64: "bigint",
  u64: "bigint",
  f32: "number",
  f64: "number",
  char: "string",
  string: "string",
};

const TYPED_ARRAYS: Readonly<Record<string, string>> = {
  s8: "Int8Array",
  u8: "Uint8Array",
  s16: "Int16Array",
  u16: "Uint16Array",
  s32: "Int32Array",
  u32: "Uint32Array",
  s64: "BigInt64Array",
  u64: "BigUint64Array",
  f32: "Float32Array",
  f64: "Float64Array",
};

/** As which types streams of the host's pass: what a guest gives, and what it is given. */
const STREAMS: Readonly<Record<string, readonly [fromGuest: string, toGuest: string]>> = {
  "wasi:io/streams#input-stream": ["GuestSource", "Input"],
  "wasi:io/streams#output-stream": ["GuestSink", "Output"],
};

/** Types of ours that declarations may name. */
export const LIBRARY_TYPES: readonly string[] = [
  ...["GuestByteStream", "GuestSink", "GuestSource", "GuestStream", "Input", "Output"],
];
/** What stands for a resource of the host's that is not a stream. */
export const HELD = "HostResource";

/** Global types that declarations may name: no type of a component's is called so. */
export const GLOBAL_TYPES: readonly string[] = [
  ...Object.values(TYPED_ARRAYS),
  ...["AsyncIterable", "Iterable", "Map", "Promise", "PromiseLike", "ReadonlyMap", "globalThis"],
];

/** What types of a component are called in its declarations. */
export interface DeclaredNames {
  readonly names: TypeNames;
  /** With that of its namespace. */
  declared(home: Home): string | undefined;
  /** Whether the host provides the import of this name. */
  isProvided(name: string): boolean;
}

/** Writes types in one interface, and remembers which of ours they name. */
export class DeclarationTypes {
  readonly #place: Place;
  readonly #plan: Plan;
  readonly #declared: DeclaredNames;
  readonly #budget: TextBudget;
  readonly #used: Set<string>;
  readonly #withStreams = new Map<ValType, boolean>();
  readonly #written: Readonly<Record<Way, Map<ValType, string>>> = {
    "from guest": new Map(),
    "to guest": new Map(),
    named: new Map(),
  };

  constructor(place: Place, plan: Plan, declared: DeclaredNames, budget: TextBudget, used: Set<string>) {
    this.#place = place;
    this.#plan = plan;
    this.#declared = declared;
    this.#budget = budget;
    this.#used = used;
  }

  /** A type as it is said where one is used: by its name if it has one. */
  use(type: ValType, way: Way): string {
    let text = this.#written[way].get(type);
    if (text === undefined) {
      const name = this.#hasStreams(type) ? undefined : this.#nameOf(type);
      text = this.#budget.spend(name ?? this.anonymous(type, way));
      this.#written[way].set(type, text);
    }
    return text;
  }

  #nameOf(type: ValType): string | undefined {
    const home = this.#declared.names.homeFrom(this.#place, type);
    return home && this.#declared.declared(home);
  }

  /** The type written out. */
  anonymous(type: ValType, way: Way): string {
    const readonly = way === "from guest" ? "" : "readonly ";
    switch (type.kind) {
      case "record":
        return `{ ${this.fields(type.fields, way).join(" ")} }`;
      case "variant":
      case "enum":
        return this.alternatives(type, way).join(" | ");
      case "flags":
        return `{ ${flagFields(type.names).join(" ")} }`;
      case "tuple":
        return `${readonly}[${type.members.map((member) => this.use(member, way)).join(", ")}]`;
      case "option":
        if (type.some.kind !== "option") return `${this.use(type.some, way)} | undefined`;
        return `${this.#tagged("none", undefined, way)} | ${this.#tagged("some", type.some, way)}`;
      case "result":
        return `${this.#tagged("ok", type.ok, way)} | ${this.#tagged("err", type.err, way)}`;
      case "list": {
        const numbers = type.length === undefined ? TYPED_ARRAYS[type.element.kind] : undefined;
        return numbers ?? `${readonly}${grouped(this.use(type.element, way))}[]`;
      }
      case "map":
        return `${readonly && "Readonly"}Map<${this.use(type.key, way)}, ${this.use(type.value, way)}>`;
      case "own":
      case "borrow":
        return this.resource(type.resource, way);
      case "stream":
        return this.#stream(type.element, way);
      case "future": {
        const value = type.element ? this.use(type.element, way) : "void";
        return way === "from guest" ? `Promise<${value}>` : `PromiseLike<${value}>`;
      }
      case "error-context":
        return "globalThis.Error";
      default:
        return SCALARS[type.kind] ?? "never";
    }
  }

  #stream(element: ValType | undefined, way: Way): string {
    const isFromGuest = way === "from guest";
    if (element?.kind === "u8") return this.#library(isFromGuest ? "GuestByteStream" : "Input");
    const value = element ? this.use(element, way) : "undefined";
    return isFromGuest ? `${this.#library("GuestStream")}<${value}>` : `AsyncIterable<${value}> | Iterable<${value}>`;
  }

  #library(name: string): string {
    this.#used.add(name);
    return name;
  }

  /** The types of a union that a type is, or itself. */
  alternatives(type: ValType, way: Way): string[] {
    if (type.kind === "enum") return type.names.map(asLiteral);
    if (type.kind !== "variant") return [this.#budget.spend(this.anonymous(type, way))];
    return type.cases.map((one) => this.#budget.spend(this.#tagged(one.name, one.type, way)));
  }

  #tagged(tag: string, type: ValType | undefined, way: Way): string {
    const val = type ? `val: ${this.use(type, way)}` : "val?: undefined";
    return `{ readonly tag: ${asLiteral(tag)}; readonly ${val} }`;
  }

  /** The members of a record, which may lack what is optional. */
  fields(fields: readonly NamedType[], way: Way): string[] {
    const keys = camelCaseAll(fields.map(({ name }) => name));
    return fields.map(({ type }, index) => {
      const isOptional = way !== "from guest" && type.kind === "option" && type.some.kind !== "option";
      return this.#budget.spend(`readonly ${key(keys[index])}${isOptional ? "?" : ""}: ${this.use(type, way)};`);
    });
  }

  /** What stands for a resource. */
  resource(id: ResourceId, way: Way): string {
    const stream = this.#streamOf(id);
    if (stream) {
      return this.#library(stream[way === "to guest" ? 1 : 0]);
    }
    const provided = this.#providedName(id);
    if (provided !== undefined) {
      return `${this.#library(HELD)}<${asLiteral(provided)}>`;
    }
    const home = this.#declared.names.homeOfResource(id);
    return (home && this.#declared.declared(home)) ?? "object";
  }

  /** The name of a resource type of an interface that the host provides, unless we are in it: there it is its giver's. */
  #providedName({ slot, name }: ResourceId): string | undefined {
    const origin = this.#plan.resources[slot]?.origin;
    if (origin?.is !== "imported" || origin.path[0] === this.#place.name) return undefined;
    if (!this.#declared.isProvided(origin.path[0])) return undefined;
    return `${splitVersion(origin.path[0])[0]}#${name}`;
  }

  #streamOf(id: ResourceId): readonly [string, string] | undefined {
    return STREAMS[this.#providedName(id) ?? ""];
  }

  /** Whether a value has streams in it: it is then of another type for each way, and has no name. */
  #hasStreams(type: ValType): boolean {
    let known = this.#withStreams.get(type);
    if (known === undefined) {
      known =
        type.kind === "own" || type.kind === "borrow"
          ? this.#streamOf(type.resource) !== undefined
          : type.kind === "stream" || type.kind === "future" || partsOf(type).some((part) => this.#hasStreams(part));
      this.#withStreams.set(type, known);
    }
    return known;
  }
}

export function flagFields(names: readonly string[]): string[] {
  return camelCaseAll(names).map((name) => `readonly ${key(name)}?: boolean | undefined;`);
}

/** The name of a member, as it is written: a literal, if it is no identifier, or would be taken for a construct signature. */
export function key(name = ""): string {
  return /^[A-Za-z][A-Za-z0-9_]*$/.test(name) && name !== "new" ? name : asLiteral(name);
}

function grouped(text: string): string {
  return /^[\w.]+(?:\[\])*$/.test(text) ? text : `(${text})`;
}

/** Types in the language of WIT. */
import type { FuncType, NamedType, ResourceId, ValType } from "../../abi/types.ts";
import type { TextBudget } from "../plan/text-budget.ts";

const KEYWORDS: ReadonlySet<string> = new Set(
  (
    "as async bool borrow char constructor enum error-context export f32 f64 flags from func future import include " +
    "interface list map option own package record resource result s16 s32 s64 s8 static stream string tuple type " +
    "u16 u32 u64 u8 use variant with world"
  ).split(" "),
);

/** A label, marked as a name if it could be taken for a word of the language. */
export function witId(label: string): string {
  return KEYWORDS.has(label) ? `%${label}` : label;
}

/** What types are called where they are written. */
export interface WitNames {
  /** A type that has no name is written out. */
  nameOf(type: ValType): string | undefined;
  nameOfResource(id: ResourceId): string;
}

/** Writes types in one interface. */
export class WitTypes {
  readonly #names: WitNames;
  readonly #budget: TextBudget;
  readonly #written = new Map<ValType, string>();

  constructor(names: WitNames, budget: TextBudget) {
    this.#names = names;
    this.#budget = budget;
  }

  /** A type as it is said where one is used. */
  use(type: ValType): string {
    let text = this.#written.get(type);
    if (text === undefined) {
      const name = this.#names.nameOf(type);
      text = this.#budget.spend(name === undefined ? this.anonymous(type) : witId(name));
      this.#written.set(type, text);
    }
    return text;
  }

  /** A type without its own name. @throws {TypeError} For one that has to have a name. */
  anonymous(type: ValType): string {
    switch (type.kind) {
      case "tuple":
        return `tuple<${type.members.map((member) => this.use(member)).join(", ")}>`;
      case "option":
        return `option<${this.use(type.some)}>`;
      case "result":
        return this.#result(type.ok, type.err);
      case "list":
        return `list<${this.use(type.element)}${type.length === undefined ? "" : `, ${type.length}`}>`;
      case "map":
        return `map<${this.use(type.key)}, ${this.use(type.value)}>`;
      case "own":
        return witId(this.#names.nameOfResource(type.resource));
      case "borrow":
        return `borrow<${witId(this.#names.nameOfResource(type.resource))}>`;
      case "stream":
      case "future":
        return type.element ? `${type.kind}<${this.use(type.element)}>` : type.kind;
      case "record":
      case "variant":
      case "enum":
      case "flags":
        throw new TypeError(`A ${type.kind} has a name in WIT`);
      default:
        return type.kind;
    }
  }

  #result(ok: ValType | undefined, err: ValType | undefined): string {
    if (err) return `result<${ok ? this.use(ok) : "_"}, ${this.use(err)}>`;
    return ok ? `result<${this.use(ok)}>` : "result";
  }

  /** The lines that define a type. @param same Another name of it, of which this one is only an alias. */
  definition(name: string, type: ValType, same?: string): readonly string[] {
    const id = witId(name);
    if (same !== undefined) return [`type ${id} = ${witId(same)};`];
    const block = (members: readonly string[]): string[] => [
      `${type.kind} ${id} {`,
      ...members.map((member) => this.#budget.spend(`  ${member},`)),
      "}",
    ];
    switch (type.kind) {
      case "record":
        return block(this.#fields(type.fields));
      case "variant":
        return block(type.cases.map((one) => `${witId(one.name)}${one.type ? `(${this.use(one.type)})` : ""}`));
      case "enum":
      case "flags":
        return block(type.names.map(witId));
      default:
        return [this.#budget.spend(`type ${id} = ${this.anonymous(type)};`)];
    }
  }

  #fields(fields: readonly NamedType[]): string[] {
    return fields.map(({ name, type }) => `${witId(name)}: ${this.use(type)}`);
  }

  /** `func(a: u8) -> u8`. @param isMethod Whether the first parameter is the resource, which goes without saying. */
  function(type: FuncType, isMethod = false): string {
    const params = this.#fields(isMethod ? type.params.slice(1) : type.params);
    const result = type.result ? ` -> ${this.use(type.result)}` : "";
    return this.#budget.spend(`${type.async ? "async " : ""}func(${params.join(", ")})${result}`);
  }

  /** `constructor(a: u8)`, with its result if that is not simply the resource. */
  construct(type: FuncType): string {
    const result = type.result && type.result.kind !== "own" ? ` -> ${this.use(type.result)}` : "";
    return this.#budget.spend(`constructor(${this.#fields(type.params).join(", ")})${result}`);
  }
}

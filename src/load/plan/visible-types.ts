/** Which types of a component have names outside: what its imports and exports mention must, so that others can write it. */
import { quoted } from "../../io/quoted.ts";
import { describe } from "../../abi/describe.ts";
import type { FuncType, ResourceId, ValType } from "../../abi/types.ts";
import type { Item } from "./items.ts";
import type { Planning } from "./planning.ts";
import { InvalidComponentError } from "../invalid-component.ts";
import { needsName } from "./type-names.ts";
import { partsOf } from "../../abi/type-facts.ts";

type Nameable = ValType | ResourceId;

/** The types that the imports and exports of one component, or of the type of one, have named so far. */
export class VisibleTypes {
  readonly #planning: Planning;
  readonly #imported = new Set<Nameable>();
  /** With those that are imported, to which exports may refer too. */
  readonly #exported = new Set<Nameable>();

  constructor(planning: Planning) {
    this.#planning = planning;
  }

  /** @throws {InvalidComponentError} If the import or export mentions a type that has no name before it. */
  add(side: "import" | "export", name: string, item: Item, offset: number): void {
    const known = side === "import" ? this.#imported : this.#exported;
    const hidden = this.#hiddenIn(item, known, offset);
    if (!hidden) return;
    throw new InvalidComponentError(
      `the ${side} ${quoted(name)} mentions a type that has no name outside (${describe(hidden)}): ` +
        `it must be ${side === "import" ? "imported" : "exported"} before`,
      offset,
    );
  }

  /** A type in it that has no name yet. All that it names is known from then on. */
  #hiddenIn(item: Item, known: Set<Nameable>, offset: number): ValType | undefined {
    switch (item.sort) {
      case "func":
        return this.#hiddenInFunc(item.func.type, known, offset);
      case "instance":
        this.#planning.spend(item.instance.exports.size, offset);
        for (const inner of item.instance.exports.values()) {
          const hidden = this.#hiddenIn(inner, known, offset);
          if (hidden) return hidden;
        }
        return undefined;
      case "type":
        break;
      default:
        // These have names of their own.
        return undefined;
    }
    switch (item.type.is) {
      case "resource":
        this.#name(item.type.id, known);
        return undefined;
      case "func":
        return this.#hiddenInFunc(item.type.type, known, offset);
      case "value": {
        const { type } = item.type;
        const hidden = this.#hiddenAmong(partsOf(type), known, offset);
        if (!hidden && needsName(type)) this.#name(type, known);
        return hidden;
      }
      default:
        // Looked at where it is the type of something.
        return undefined;
    }
  }

  #hiddenInFunc({ params, result }: FuncType, known: Set<Nameable>, offset: number): ValType | undefined {
    for (const { type } of params) {
      const hidden = this.#hidden(type, known, offset);
      if (hidden) return hidden;
    }
    return result && this.#hidden(result, known, offset);
  }

  #hiddenAmong(types: readonly ValType[], known: Set<Nameable>, offset: number): ValType | undefined {
    for (const type of types) {
      const hidden = this.#hidden(type, known, offset);
      if (hidden) return hidden;
    }
    return undefined;
  }

  #hidden(type: ValType, known: Set<Nameable>, offset: number): ValType | undefined {
    if (known.has(type)) return undefined;
    let hidden;
    if (type.kind === "own" || type.kind === "borrow") hidden = known.has(type.resource) ? undefined : type;
    else if (needsName(type)) hidden = this.#isNamedAlike(type, known, offset) ? undefined : type;
    else hidden = this.#hiddenAmong(partsOf(type), known, offset);
    // Not looked at again.
    if (!hidden) known.add(type);
    return hidden;
  }

  /** Whether a type that is the same has a name: types of components within are others, until they are compared. */
  #isNamedAlike(type: ValType, known: ReadonlySet<Nameable>, offset: number): boolean {
    this.#planning.spend(known.size, offset);
    for (const named of known) {
      if ("kind" in named && named.kind === type.kind && this.#planning.comparison.same(named, type)) return true;
    }
    return false;
  }

  #name(named: Nameable, known: Set<Nameable>): void {
    known.add(named);
    this.#exported.add(named);
  }
}

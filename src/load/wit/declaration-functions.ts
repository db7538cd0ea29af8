/** Functions and classes as TypeScript has them. */
import { camelCase, exportedKey, exportedStaticKey, pascalCase } from "../../abi/names.ts";
import { memberOf } from "../../abi/members.ts";
import type { FuncType, NamedType, ValType } from "../../abi/types.ts";
import { key, type DeclarationTypes } from "./declaration-types.ts";
import type { Item } from "../plan/items.ts";

/** Who implements a function: a guest, called by JavaScript, or JavaScript, called by a guest. */
export type Side = "import" | "export";

/** What no parameter may be called. */
const RESERVED: ReadonlySet<string> = new Set(
  (
    "arguments await break case catch class const continue debugger default delete do else enum eval export extends " +
    "false finally for function if implements import in instanceof interface let new null package private protected " +
    "public return static super switch this throw true try typeof var void while with yield"
  ).split(" "),
);

export class DeclarationFunctions {
  readonly #types: DeclarationTypes;
  readonly #side: Side;

  constructor(types: DeclarationTypes, side: Side) {
    this.#types = types;
    this.#side = side;
  }

  /** `name(a: number): Promise<string>;`, after what it throws. @param isMethod Whether the first parameter is `this`. */
  method(name: string, type: FuncType, isMethod = false): string[] {
    const params = isMethod ? type.params.slice(1) : type.params;
    const { returned, thrown } = this.#result(type.result);
    const given = `${this.#side === "import" ? `${returned} | ` : ""}Promise<${returned}>`;
    return [...throws(thrown), `${name}(${this.#params(params)}): ${given};`];
  }

  /** `new (a: number): Promise<R>;`. An imported one cannot wait: a class has to give an instance. */
  construct(type: FuncType): string[] {
    const { returned, thrown } = this.#result(type.result);
    const given = this.#side === "export" ? `Promise<${returned}>` : returned;
    return [...throws(thrown), `new (${this.#params(type.params)}): ${given};`];
  }

  #result(type: ValType | undefined): { readonly returned: string; readonly thrown: string | undefined } {
    const way = this.#side === "export" ? "from guest" : "to guest";
    if (type?.kind !== "result") return { returned: type ? this.#types.use(type, way) : "void", thrown: undefined };
    return {
      returned: type.ok ? this.#types.use(type.ok, way) : "void",
      thrown: type.err ? this.#types.use(type.err, way) : "undefined",
    };
  }

  #params(params: readonly NamedType[]): string {
    const way = this.#side === "export" ? "to guest" : "from guest";
    const names = identifiers(params.map(({ name }) => name));
    const needed = params.findLastIndex(({ type }) => !isOmissible(type)) + 1;
    return params
      .map(({ type }, index) => {
        const isOptional = way === "to guest" && index >= needed;
        return `${names[index] ?? ""}${isOptional ? "?" : ""}: ${this.#types.use(type, way)}`;
      })
      .join(", ");
  }

  /** Functions of an interface that are of no resource. */
  functions(items: ReadonlyMap<string, Item>): string[] {
    return [...items].flatMap(([name, item]) =>
      item.sort === "func" && !memberOf(name) ? this.method(functionKey(name, this.#side), item.func.type) : [],
    );
  }

  /** @param classes What instances of them are, by the names of resources. */
  classes(items: ReadonlyMap<string, Item>, classes: ReadonlyMap<string, string>): string[] {
    return [...classes].flatMap(([resource, instance]) => this.#class(items, resource, instance));
  }

  #class(items: ReadonlyMap<string, Item>, resource: string, instance: string): string[] {
    const statics: string[] = [];
    let construct: string[] | undefined;
    for (const [name, item] of items) {
      const member = memberOf(name);
      if (item.sort !== "func" || member?.resource !== resource) continue;
      if (member.form === "constructor") construct = this.construct(item.func.type);
      if (member.form !== "static") continue;
      // A class of the embedder's has a property of this name already.
      if (member.name === "prototype" && this.#side === "import") continue;
      const called = this.#side === "export" ? exportedStaticKey(member.name) : camelCase(member.name);
      statics.push(...this.method(key(called), item.func.type));
    }
    const name = key(pascalCase(resource));
    const members = [`readonly prototype: ${instance};`, ...(construct ?? []), ...statics].map((line) => `  ${line}`);
    if (construct) return [`readonly ${name}: {`, ...members, "};"];
    return [`readonly ${name}: (abstract new (...args: never[]) => ${instance}) & {`, ...members, "};"];
  }

  /** What instances of a resource's class have. */
  methods(items: ReadonlyMap<string, Item>, resource: string): string[] {
    return [...items].flatMap(([name, item]) => {
      const member = memberOf(name);
      if (item.sort !== "func" || member?.form !== "method" || member.resource !== resource) return [];
      return this.method(functionKey(member.name, this.#side), item.func.type, true);
    });
  }
}

/** The key of a function among others, as it is written. */
export function functionKey(name: string, side: Side): string {
  return key(side === "export" ? exportedKey(name) : camelCase(name));
}

function isOmissible(type: ValType): boolean {
  return type.kind === "option" && type.some.kind !== "option";
}

function throws(payload: string | undefined): string[] {
  if (payload === undefined) return [];
  return [`/** @throws {WitError<${payload}>} */`];
}

/** A name for each parameter that TypeScript takes for one. */
function identifiers(names: readonly string[]): string[] {
  const taken = new Set<string>();
  return names.map((name) => {
    let identifier = camelCase(name);
    while (RESERVED.has(identifier) || taken.has(identifier)) identifier += "_";
    taken.add(identifier);
    return identifier;
  });
}

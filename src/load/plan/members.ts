/** Rules on the names of imports and exports: that they differ, and what is a function of a resource type. */
import { quoted } from "../../io/quoted.ts";
import { uniqueForm } from "../../abi/name-rules.ts";
import { memberOf } from "../../abi/members.ts";
import type { FuncType, ResourceId, ValType } from "../../abi/types.ts";
import type { Item } from "./items.ts";
import { InvalidComponentError } from "../invalid-component.ts";

/** Imports, or exports, of a component or an instance, as they are added. */
export class NamedItems {
  readonly items: Map<string, Item> = new Map();
  readonly #forms = new Set<string>();
  readonly #what: string;

  /** @param what They are, for messages. */
  constructor(what: "import" | "export") {
    this.#what = what;
  }

  /** @throws {InvalidComponentError} If the name is taken, or `item` is not what the name says. */
  add(name: string, item: Item, offset: number): void {
    const form = uniqueForm(name);
    if (this.#forms.has(form)) {
      throw new InvalidComponentError(`the ${this.#what} ${quoted(name)} is there twice`, offset);
    }
    this.#forms.add(form);
    const wrong = wrongMember(name, item, this.items);
    if (wrong !== undefined) {
      throw new InvalidComponentError(`the ${this.#what} ${quoted(name)}: ${wrong}`, offset);
    }
    this.items.set(name, item);
  }
}

/** What is named like a method is a function of that resource type, which is there before. */
function wrongMember(name: string, item: Item, before: ReadonlyMap<string, Item>): string | undefined {
  const member = memberOf(name);
  if (!member) return undefined;
  if (item.sort !== "func") return "it is no function";
  const resource = before.get(member.resource);
  if (resource?.sort !== "type" || resource.type.is !== "resource") {
    return `there is no resource type ${member.resource} before it`;
  }
  const { type } = item.func;
  const { id } = resource.type;
  switch (member.form) {
    case "constructor":
      return isHandle(createdBy(type), "own", id) ? undefined : "it returns no new resource of its type";
    case "method":
      return type.params[0]?.name === "self" && isHandle(type.params[0].type, "borrow", id)
        ? undefined
        : "its first parameter, self, does not borrow its resource";
    case "static":
      return undefined;
  }
}

function createdBy({ result }: FuncType): ValType | undefined {
  return result?.kind === "result" ? result.ok : result;
}

function isHandle(type: ValType | undefined, kind: "own" | "borrow", resource: ResourceId): boolean {
  return type?.kind === kind && type.resource === resource;
}

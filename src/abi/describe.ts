/** Types in words. */
import type { ValType } from "./types.ts";

/** How deep a type is described: one that is used twice on each level would else be a text of 2 ** depth. */
const MAX_DESCRIBED = 5;
/** How many members of a type are described, and of those within it. */
const MAX_LISTED = 100;
const MAX_LISTED_WITHIN = 8;

/** A type's name as a person would write it, on one line. */
export function describe(type: ValType | undefined, depth = 0): string {
  if (type === undefined) return "_";
  if (depth === MAX_DESCRIBED) return type.kind;
  const of = (part: ValType | undefined): string => describe(part, depth + 1);
  const list = <T>(members: readonly T[], one: (member: T) => string): string => {
    const most = depth === 0 ? MAX_LISTED : MAX_LISTED_WITHIN;
    return [...members.slice(0, most).map(one), ...(members.length > most ? ["..."] : [])].join(", ");
  };
  switch (type.kind) {
    case "record":
      return `record { ${list(type.fields, ({ name, type: field }) => `${name}: ${of(field)}`)} }`;
    case "tuple":
      return `tuple<${list(type.members, of)}>`;
    case "variant":
      return `variant { ${list(type.cases, ({ name, type: carried }) => (carried ? `${name}(${of(carried)})` : name))} }`;
    case "enum":
    case "flags":
      return `${type.kind} { ${list(type.names, (name) => name)} }`;
    case "option":
      return `option<${of(type.some)}>`;
    case "result":
      return describeResult(type.ok && of(type.ok), type.err && of(type.err));
    case "list":
      return `list<${of(type.element)}${type.length === undefined ? "" : `, ${type.length}`}>`;
    case "map":
      return `map<${of(type.key)}, ${of(type.value)}>`;
    case "own":
      return type.resource.name || "resource";
    case "borrow":
      return `borrow<${type.resource.name || "resource"}>`;
    case "stream":
    case "future":
      return type.element ? `${type.kind}<${of(type.element)}>` : type.kind;
    default:
      return type.kind;
  }
}

function describeResult(ok: string | undefined, err: string | undefined): string {
  if (err) return `result<${ok ?? "_"}, ${err}>`;
  return ok ? `result<${ok}>` : "result";
}

/** What a component imports and exports, in the language of WIT. */
import { isLabel } from "../../abi/name-rules.ts";
import { memberOf } from "../../abi/members.ts";
import type { Item, Plan } from "../plan/items.ts";
import { asLiteral, TextBudget } from "../plan/text-budget.ts";
import { TypeNames, type Place } from "../plan/type-names.ts";
import { interfaceName, pathOf, WitInterface } from "./interface.ts";
import { witId } from "./types.ts";

const ROOT = "root:component";

/**
 * The world of a component, and as much of the packages that it names as it says. It parses as WIT; what WIT has no words
 * for is said in a comment.
 *
 * @throws {InvalidComponentError} If its types are too large to be written down.
 */
export function witOf(plan: Plan): string {
  return new World(plan).text();
}

class World {
  readonly #plan: Plan;
  readonly #names: TypeNames;
  readonly #budget = new TextBudget();
  /** Interfaces, by package. */
  readonly #packages = new Map<string, Map<string, WitInterface>>();

  constructor(plan: Plan) {
    this.#plan = plan;
    this.#names = new TypeNames(plan);
  }

  text(): string {
    const { world, imports, exports } = this.#names;
    const own = new WitInterface(world, this.#names, undefined, this.#budget);
    for (const [name, item] of this.#plan.imports) {
      if (item.sort === "func" && memberOf(name)) own.function(name, item.func.type);
    }
    const lines = (side: "import" | "export", places: readonly Place[]): string[] => {
      const byName = new Map(places.map((place) => [place.name, place]));
      return [...this.#plan[`${side}s`]].flatMap(([name, item]) =>
        this.#extern(side, name, item, own, byName.get(name)),
      );
    };
    const externs = [lines("import", imports), lines("export", exports)];
    // Only now: types without a name get theirs where they are used.
    const body = block("world root", [...own.typeGroups(), ...externs]);
    return [`package ${this.#rootPackage()};`, "", ...body, ...this.#packageLines(), ""].join("\n");
  }

  #extern(side: "import" | "export", name: string, item: Item, own: WitInterface, place: Place | undefined): string[] {
    const unsaid = (what: string): string[] => [`// ${side} ${asLiteral(name)}: ${what}, for which WIT has no words`];
    switch (item.sort) {
      case "instance":
        return this.#instance(side, name, place) ?? unsaid("an instance of this name");
      case "func": {
        if (memberOf(name)) return side === "import" ? [] : unsaid("a function of a resource of the world");
        return isLabel(name)
          ? [`${side} ${own.functionLine(name, item.func.type)}`]
          : unsaid("a function of this name");
      }
      case "type":
        if (side === "import" || this.#plan.imports.get(name)?.sort === "type") return [];
        return item.type.is === "resource" ? unsaid("a resource") : [];
      default:
        return unsaid(item.sort === "component" ? "a component" : "a core module");
    }
  }

  #instance(side: "import" | "export", name: string, place: Place | undefined): string[] | undefined {
    if (!place) return undefined;
    if (isLabel(name)) {
      const made = new WitInterface(place, this.#names, undefined, this.#budget);
      return block(`${side} ${witId(name)}: interface`, made.groups());
    }
    const path = interfaceName(name);
    if (!path) return undefined;
    const made = new WitInterface(place, this.#names, path.package, this.#budget);
    const interfaces = this.#packages.get(path.package) ?? new Map<string, WitInterface>();
    this.#packages.set(path.package, interfaces);
    const known = interfaces.get(path.interface);
    if (known) known.merge(made);
    else interfaces.set(path.interface, made);
    return [`${side} ${pathOf(path, undefined)};`];
  }

  /** A name that is no other package's: two could not be in one text. */
  #rootPackage(): string {
    let name = ROOT;
    while (this.#packages.has(name)) name += "-x";
    return name;
  }

  #packageLines(): string[] {
    return [...this.#packages].flatMap(([name, interfaces]) => {
      const blocks = [...interfaces].map(([label, made]) => block(`interface ${label}`, made.groups()));
      return ["", ...block(`package ${name}`, blocks)];
    });
  }
}

/** Braces around groups of lines, with an empty line between each two. */
function block(head: string, groups: readonly (readonly string[])[]): string[] {
  const lines = groups
    .filter((group) => group.length > 0)
    .flatMap((group, index) => (index === 0 ? group : ["", ...group]));
  return [`${head} {`, ...lines.map((line) => (line === "" ? "" : `  ${line}`)), "}"];
}

/** What a component imports and exports, in the language of WIT. */
import { isLabel, memberOf } from "../abi/names.ts";
import type { Item, Plan } from "./items.ts";
import { quoted, TextBudget } from "./text-budget.ts";
import { TypeNames, type Place } from "./type-names.ts";
import { interfaceName, pathOf, WitInterface } from "./wit-interface.ts";
import { witId } from "./wit-types.ts";

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
    const places = new Map([...imports, ...exports].map((place) => [place.items, place]));
    for (const [name, item] of this.#plan.imports) {
      if (item.sort === "func") own.function(name, item.func.type);
    }
    const importLines = [...this.#plan.imports].flatMap(([name, item]) => this.#extern("import", name, item, own, places));
    const exportOwn = new WitInterface(world, this.#names, undefined, this.#budget);
    for (const [name, item] of this.#plan.exports) {
      if (item.sort === "func" && !memberOf(name)) exportOwn.function(name, item.func.type);
    }
    const exportLines = [...this.#plan.exports].flatMap(([name, item]) =>
      this.#extern("export", name, item, exportOwn, places),
    );
    own.merge(exportOwn);
    const groups = [own.typeLines(), importLines, exportLines].filter((lines) => lines.length > 0);
    const body = groups.flatMap((lines, index) => (index === 0 ? lines : ["", ...lines]));
    return [`package ${this.#rootPackage()};`, "", ...block("world root", body), ...this.#packageLines(), ""].join("\n");
  }

  #extern(
    side: "import" | "export",
    name: string,
    item: Item,
    own: WitInterface,
    places: ReadonlyMap<Place["items"], Place>,
  ): string[] {
    const unsaid = (what: string): string[] => [`// ${side} ${quoted(name)}: ${what}, for which WIT has no words`];
    switch (item.sort) {
      case "instance":
        return this.#instance(side, name, places.get(item.instance.exports)) ?? unsaid("an instance of this name");
      case "func": {
        if (memberOf(name)) return side === "import" ? [] : unsaid("a function of a resource of the world");
        const line = own.functionLine(name);
        return line !== undefined && isLabel(name) ? [`${side} ${line}`] : unsaid("a function of this name");
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
      const lines = new WitInterface(place, this.#names, undefined, this.#budget).lines();
      return block(`${side} ${witId(name)}: interface`, lines);
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
    return [...this.#packages].flatMap(([name, interfaces]) =>
      block(
        `package ${name}`,
        [...interfaces].flatMap(([interface_, made]) => block(`interface ${interface_}`, made.lines())),
      ),
    );
  }
}


function block(head: string, lines: readonly string[]): string[] {
  return [`${head} {`, ...lines.map((line) => (line === "" ? "" : `  ${line}`)), "}"];
}

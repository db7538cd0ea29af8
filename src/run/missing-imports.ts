import { harmless, quoted, shortened } from "../io/quoted.ts";
import { INTERFACES } from "../bind/interfaces.ts";

/** How many are told of, and how much of each: a component of a few megabytes may import 200,000. */
const TOLD = 100;
const TOLD_CHARACTERS = 300;

/** A component imports what this host does not provide. Thrown before anything of it runs. */
export class MissingImportsError extends Error {
  override readonly name: string = "MissingImportsError";
  /** Names with versions, such as `wasi:http/types@0.2.0`; a function of an interface as `a:b/c@1.0.0#f`. */
  readonly missing: readonly string[];
  /** What would have been provided, if that is not what any component is. */
  readonly provided: string | undefined;

  /**
   * @param hints What is wrong with what was given, by the names of `missing`.
   * @param unused Keys of the option `imports` that the component imports nothing by.
   */
  constructor(
    missing: readonly string[],
    provided?: string,
    hints: ReadonlyMap<string, string> = new Map(),
    unused: readonly string[] = [],
  ) {
    const lines = missing
      .slice(0, TOLD)
      .map((name) => `  ${harmless(shortened(name, TOLD_CHARACTERS))}${hints.has(name) ? `: ${hints.get(name)}` : ""}`);
    if (missing.length > TOLD) lines.push(`  and ${missing.length - TOLD} more`);
    super(
      `The component imports what this host does not provide:\n${lines.join("\n")}\n` +
        (unused.length === 0
          ? ""
          : `Given in the option \`imports\`, and not imported: ${unused.map(quoted).join(", ")}\n`) +
        (provided ??
          (missing.some((name) => name.startsWith("wasi:"))
            ? `Provided at every version 0.2.x: ${[...INTERFACES.keys()].join(", ")}; those of WASI 0.3.x; ` +
              "anything else can be given in the option `imports`"
            : "Give them in the option `imports`")),
    );
    this.missing = missing;
    this.provided = provided;
  }
}

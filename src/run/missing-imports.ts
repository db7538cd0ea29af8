import { INTERFACES } from "../bind/interfaces.ts";

/** A component imports what this host does not provide. Thrown before anything of it runs. */
export class MissingImportsError extends Error {
  override readonly name: string = "MissingImportsError";
  /** Names with versions, such as `wasi:http/types@0.2.0`; a function of an interface as `a:b/c@1.0.0#f`. */
  readonly missing: readonly string[];
  /** What would have been provided, if that is not what any component is. */
  readonly provided: string | undefined;

  constructor(missing: readonly string[], provided?: string) {
    super(
      `The component imports what this host does not provide:\n${missing.map((name) => `  ${name}`).join("\n")}\n` +
        (provided ??
          `Provided at every version 0.2.x: ${[...INTERFACES.keys()].join(", ")}; those of WASI 0.3.x; ` +
            "anything else can be given in the option `imports`"),
    );
    this.missing = missing;
    this.provided = provided;
  }
}

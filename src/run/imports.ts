/** Which imports we have an implementation for. */
import { INTERFACES } from "../bind/interfaces.ts";

/** The newest version of WASI 0.2 whose interfaces are implemented in full. */
export const WASI_VERSION = "0.2.12";

/** A component imports what this host does not provide. Thrown before anything of it runs. */
export class MissingImportsError extends Error {
  override readonly name: string = "MissingImportsError";
  /** Names with versions, such as `wasi:http/types@0.2.0`. */
  readonly missing: readonly string[];

  constructor(missing: readonly string[]) {
    super(
      `The component imports what this host does not provide:\n${missing.map((name) => `  ${name}`).join("\n")}\n` +
        `Provided at every version 0.2.x: ${[...INTERFACES.keys()].join(", ")}`,
    );
    this.missing = missing;
  }
}

/**
 * The names, without versions, of the interfaces that a component needs.
 *
 * @throws {MissingImportsError} With all that are missing.
 */
export function checkImports(imports: readonly string[]): Set<string> {
  const missing = imports.filter((name) => !isProvided(name));
  if (missing.length > 0) throw new MissingImportsError(missing);
  return new Set(imports.map((name) => splitVersion(name)[0]));
}

function isProvided(name: string): boolean {
  const [plain, version] = splitVersion(name);
  // Versions with the same first two numbers are compatible; before a release nothing is.
  return INTERFACES.has(plain) && /^0\.2\.\d+$/.test(version);
}

function splitVersion(name: string): [plain: string, version: string] {
  const at = name.lastIndexOf("@");
  return at < 0 ? [name, ""] : [name.slice(0, at), name.slice(at + 1)];
}

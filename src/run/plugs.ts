/** Components that are plugged in: what they export is given to those after them, and in the end to whoever uses them. */
import { canStandFor } from "../abi/compatible-version.ts";
import { harmless } from "../io/quoted.ts";
import { told } from "../io/told.ts";
import type { CompiledComponent } from "./component.ts";
import type { Imports } from "./imports.ts";
import { instantiate, type RunningInstance } from "./instantiate.ts";
import type { InstanceOptions } from "./options.ts";
import type { Platform } from "./platform.ts";

/** A component to be plugged in. */
export interface Plug {
  readonly component: CompiledComponent;
  /** What is thrown if it cannot be instantiated. */
  readonly failed: (error: unknown) => unknown;
}

/**
 * Each as the library is given it.
 *
 * @param user What they are plugged into, if that has not been looked at before.
 * @throws {TypeError} If they are no components, or one is of no use.
 */
export async function plugsOf<T>(
  given: readonly T[] | undefined,
  compiled: (component: T) => Promise<CompiledComponent>,
  user?: CompiledComponent,
): Promise<Plug[]> {
  if (given === undefined) return [];
  if (!Array.isArray(given)) throw new TypeError(`The option plugs must be an array of components; got ${told(given)}`);
  const components = await Promise.all(given.map((component) => compiled(component)));
  const unused = user && unusedPlug(components, user);
  if (unused !== undefined) throw new TypeError(`plugs[${unused.at}] says nothing here: ${unused.why}`);
  return components.map((component) => ({ component, failed: (error) => error }));
}

/**
 * The first that nobody uses after it, and why not: what it was to stand for would be the system's own.
 *
 * @param user The last.
 */
export function unusedPlug(
  plugs: readonly CompiledComponent[],
  user: CompiledComponent,
): { readonly at: number; readonly why: string } | undefined {
  const at = plugs.findIndex(({ exports }, index) => {
    const wanted = [...plugs.slice(index + 1), user].flatMap(({ imports }) => imports);
    return !exports.some((given) => wanted.some((name) => canStandFor(given, name)));
  });
  const unused = plugs[at];
  if (!unused) return undefined;
  return { at, why: `nobody imports what it exports (${unused.exports.map(harmless).join(", ") || "nothing"})` };
}

/** Those of one user. */
export class Plugs {
  readonly #instances: RunningInstance[] = [];

  /** What is given to the next, and what all so far export. */
  importsWith(given: Imports | undefined): Imports {
    // Functions and interfaces, as an instance exports them.
    return Object.assign({ ...given }, ...this.#instances.map((plug) => plug.exports as Imports)) as Imports;
  }

  add(instance: RunningInstance): void {
    this.#instances.push(instance);
  }

  /** Ends them, a user before what it uses. @throws What one of them threw first. */
  async close(): Promise<void> {
    let fault: { readonly cause: unknown } | undefined;
    for (const plug of this.#instances.splice(0).toReversed()) {
      // oxlint-disable-next-line no-await-in-loop -- as above
      await plug.close().catch((cause: unknown) => void (fault ??= { cause }));
    }
    if (fault) throw fault.cause;
  }
}

/**
 * An instance of each, in their order.
 *
 * @param options Of each of them.
 * @throws What one of them says that it fails of. None is left then.
 */
export async function pluggedIn(
  platform: Platform,
  plugs: readonly Plug[],
  options: readonly InstanceOptions<unknown, unknown>[],
): Promise<Plugs> {
  const given = new Plugs();
  for (const [at, { component, failed }] of plugs.entries()) {
    const own = options[at] ?? {};
    try {
      // oxlint-disable-next-line no-await-in-loop -- each may import what those before it export
      given.add(await instantiate(platform, component, { ...own, imports: given.importsWith(own.imports) }));
    } catch (error) {
      // oxlint-disable-next-line no-await-in-loop -- the last round
      await given.close().catch(() => {});
      throw failed(error);
    }
  }
  return given;
}

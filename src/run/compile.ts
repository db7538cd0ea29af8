import { isComposed } from "./component.ts";
import { checkImports } from "./imports.ts";
import type { CacheOption, CoreModule, Glue, Platform } from "./platform.ts";

/** A component that is ready to be instantiated, any number of times. */
export interface CompiledComponent {
  /** What it imports, with versions. */
  readonly imports: readonly string[];
  /** @internal */
  readonly needs: ReadonlySet<string>;
  /** @internal */
  readonly isComposed: boolean;
  /** @internal */
  readonly glue: Glue;
  /** @internal */
  readonly modules: ReadonlyMap<string, CoreModule>;
}

/** How a component is made ready. */
export interface CompileOptions {
  /** Where transpiled components are kept: a folder, `true` for the platform's own (the default), or `false`. */
  readonly cache?: CacheOption;
}

/** @throws {InvalidComponentError | MissingImportsError} Before anything of the component runs. */
export async function compile(
  platform: Platform,
  bytes: Uint8Array,
  options: CompileOptions = {},
): Promise<CompiledComponent> {
  if (typeof WebAssembly.Suspending !== "function") {
    throw new UnsupportedRuntimeError(
      "This runtime cannot suspend WebAssembly (JavaScript Promise Integration): use Node 24 or newer",
    );
  }
  const { imports, cores, glue } = await platform.transpile(bytes, options.cache ?? true);
  const needs = checkImports(imports);
  const modules = await Promise.all(
    [...cores].map(async ([name, core]) => [name, await WebAssembly.compile(core)] as const),
  );
  return { imports, needs, isComposed: isComposed(bytes), glue, modules: new Map(modules) };
}

/** The runtime lacks something that this host cannot do without. */
export class UnsupportedRuntimeError extends Error {
  override readonly name: string = "UnsupportedRuntimeError";
}

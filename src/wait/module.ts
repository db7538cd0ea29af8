/**
 * Modules of WebAssembly that are written here, such as gates: compiled when they are needed or, where a runtime compiles
 * nothing while it runs, found among those that were compiled before.
 */
import { UnsupportedRuntimeError } from "../io/unsupported-runtime.ts";
import { moduleOfSections } from "./engine.ts";

/** By their names, which say all that their code depends on. It is code that was made here, and holds nothing of an instance's. */
const prepared = new Map<string, object>();
/** Those that every instance may share, by a name. */
const shared = new Map<string, object>();
/** Who hears of the bytes of what is made. */
const recorders = new Set<(name: string, bytes: Uint8Array) => void>();

/**
 * @param name Says all that its code depends on: what has the same name is the same module, for one version of this package.
 * @param encode Missing if it has to be there.
 * @throws {UnsupportedRuntimeError} If nothing is compiled here, and it was not compiled before.
 */
export function moduleOf(name: string, encode: (() => Uint8Array) | undefined): object {
  const there = recorders.size === 0 ? prepared.get(name) : undefined;
  if (there) return there;
  if (!encode) throw notPrepared();
  const bytes = encode();
  for (const record of recorders) record(name, bytes);
  return compiledNow(bytes);
}

/** One that is the same for all who ask for this name. */
export function sharedModule(name: string, encode: () => Uint8Array): object {
  let module = shared.get(name);
  if (!module || recorders.size > 0) shared.set(name, (module = moduleOf(name, encode)));
  return module;
}

/** A module that was compiled before: from now on it is there for whoever needs the one of this name. */
export function addPrepared(name: string, module: object): void {
  prepared.set(name, module);
}

/** Gives what is made while `run` runs, or at the same time: the bytes of each module, by its name. */
export async function recording(run: () => Promise<void>): Promise<ReadonlyMap<string, Uint8Array>> {
  const made = new Map<string, Uint8Array>();
  const record = (name: string, bytes: Uint8Array): void => void made.set(name, bytes.slice());
  recorders.add(record);
  try {
    await run();
  } finally {
    recorders.delete(record);
  }
  return made;
}

/** @throws {UnsupportedRuntimeError} In the place of an error that says of no module in particular why it is refused. */
export function assertCompiles(error: unknown): void {
  if (!(error instanceof WebAssembly.CompileError)) return;
  try {
    void new WebAssembly.Module(moduleOfSections());
  } catch (cause) {
    throw new UnsupportedRuntimeError(
      "This runtime compiles no WebAssembly while it runs: use `sluice build`, or allow 'wasm-unsafe-eval' in the page's policy",
      { cause },
    );
  }
}

function compiledNow(bytes: Uint8Array): object {
  try {
    return new WebAssembly.Module(bytes);
  } catch (error) {
    if (prepared.size > 0 && error instanceof WebAssembly.CompileError) {
      throw notPrepared({ cause: error });
    }
    assertCompiles(error);
    throw error;
  }
}

function notPrepared(options?: ErrorOptions): UnsupportedRuntimeError {
  return new UnsupportedRuntimeError(
    "A module is needed that `sluice build` did not prepare: it prepares a component for imports as it declares them",
    options,
  );
}

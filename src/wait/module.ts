/**
 * Modules of WebAssembly that are written here, such as gates: compiled when they are needed or, where a runtime compiles
 * nothing while it runs, found among those that were compiled before.
 */
import { UnsupportedRuntimeError } from "../io/unsupported-runtime.ts";

/** By what they were compiled of. It is code that was made here, and holds nothing of an instance's. */
const prepared = new Map<string, object>();
/** Those that every instance may share, by a name. */
const shared = new Map<string, object>();
/** Who hears of the bytes of what is made. */
const recorders = new Set<(bytes: Uint8Array) => void>();

/** @throws {UnsupportedRuntimeError} If nothing is compiled here, and it was not compiled before. */
export function moduleOf(bytes: Uint8Array): object {
  for (const record of recorders) record(bytes);
  return (prepared.size > 0 ? prepared.get(keyOf(bytes)) : undefined) ?? compiledNow(bytes);
}

/** One that is the same for all who ask for this name. */
export function sharedModule(name: string, encode: () => Uint8Array): object {
  let module = shared.get(name);
  if (!module || recorders.size > 0) shared.set(name, (module = moduleOf(encode())));
  return module;
}

/** A module that was compiled of these bytes before: from now on it is there for whoever needs that one. */
export function addPrepared(bytes: Uint8Array, module: object): void {
  prepared.set(keyOf(bytes), module);
}

/** Gives what is made while `run` runs, or at the same time: the bytes of each module once. */
export async function recording(run: () => Promise<void>): Promise<readonly Uint8Array[]> {
  const made = new Map<string, Uint8Array>();
  const record = (bytes: Uint8Array): void => void made.set(keyOf(bytes), bytes.slice());
  recorders.add(record);
  try {
    await run();
  } finally {
    recorders.delete(record);
  }
  return [...made.values()];
}

/** @throws {UnsupportedRuntimeError} In the place of an error that says of no module in particular why it is refused. */
export function assertCompiles(error: unknown): void {
  if (!(error instanceof WebAssembly.CompileError)) return;
  try {
    void new WebAssembly.Module(Uint8Array.of(0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00));
  } catch (cause) {
    throw new UnsupportedRuntimeError(
      "This runtime compiles no WebAssembly while it runs: prepare the component with `sluice build`, or let the " +
        "Content-Security-Policy allow 'wasm-unsafe-eval'",
      { cause },
    );
  }
}

function compiledNow(bytes: Uint8Array): object {
  try {
    return new WebAssembly.Module(bytes);
  } catch (error) {
    if (prepared.size > 0 && error instanceof WebAssembly.CompileError) {
      throw new UnsupportedRuntimeError(
        "A module is needed that `sluice build` did not prepare: it prepares a component for imports of its own, as it " +
          "declares them, and for the version of sluice that built it",
        { cause: error },
      );
    }
    assertCompiles(error);
    throw error;
  }
}

/** The bytes as text: they are few, and nothing that is the same to somebody else passes for them. */
function keyOf(bytes: Uint8Array): string {
  let key = "";
  for (const byte of bytes) key += String.fromCharCode(byte);
  return key;
}

import { Compiled, compileComponent } from "../load/compiled.ts";
import { layerOf } from "../load/decode.ts";
import { InvalidComponentError } from "../load/reader.ts";

/** A component that is ready to be instantiated, any number of times. */
export class CompiledComponent {
  /** What it imports, with versions. */
  readonly imports: readonly string[];
  /** What it exports, with versions. */
  readonly exports: readonly string[];
  /** @internal */
  readonly compiled: Compiled;

  /** @internal */
  constructor(compiled: Compiled) {
    this.compiled = compiled;
    this.imports = [...compiled.plan.imports.keys()];
    this.exports = [...compiled.plan.exports.keys()];
  }
}

/** @throws {InvalidComponentError} Before anything of the component runs. */
export async function compile(bytes: Uint8Array): Promise<CompiledComponent> {
  if (typeof WebAssembly.Suspending !== "function") {
    throw new UnsupportedRuntimeError(
      "This runtime cannot suspend WebAssembly (JavaScript Promise Integration): use Node 24 or newer",
    );
  }
  if (layerOf(bytes) === "core module") {
    throw new InvalidComponentError(
      "Expected a component, got a core WebAssembly module: make a component of it first, for example with " +
        "`wasm-tools component new app.wasm --adapt wasi_snapshot_preview1.command.wasm -o app.component.wasm`",
    );
  }
  return new CompiledComponent(await compileComponent(bytes));
}

/** The runtime lacks something that this host cannot do without. */
export class UnsupportedRuntimeError extends Error {
  override readonly name: string = "UnsupportedRuntimeError";
}

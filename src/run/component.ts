import { told } from "../io/told.ts";
import { Compiled } from "../load/compiled.ts";
import type { CompiledCore } from "./core-module.ts";
import type * as TypeChecks from "./type-checks.ts";

/**
 * Whether a component is given as bytes, and not as what `compile` gave.
 *
 * @throws {TypeError} If it is neither. It says what to do with what is often given instead.
 */
export function isBytes(component: Uint8Array | CompiledComponent): component is Uint8Array {
  const given: unknown = component;
  if (typeof given === "object" && given !== null && "compiled" in given) return false;
  assertBytes(given, ", or what `compile` gave");
  return true;
}

/**
 * Of whatever realm they are, such as one that a test runner makes.
 *
 * @param others What else is taken.
 * @throws {TypeError} If they are no bytes.
 */
export function assertBytes(given: unknown, others: string = ""): asserts given is Uint8Array {
  if (ArrayBuffer.isView(given) && Reflect.get(given, Symbol.toStringTag) === "Uint8Array") return;
  throw new TypeError(`A component must be a Uint8Array${others}; got ${told(given)}${hintFor(given)}`);
}

function hintFor(given: unknown): string {
  if (typeof given === "string") return ". If that is a path, read the file first";
  if (typeof given !== "object" || given === null) return "";
  if (given instanceof ArrayBuffer) return ". Give new Uint8Array(it)";
  if ("then" in given) return ". Wait for it first";
  return "arrayBuffer" in given ? ". Give new Uint8Array(await it.arrayBuffer())" : "";
}

/** A component, or a core module of WASI preview 1, that is ready to be instantiated any number of times. */
export class CompiledComponent {
  /** What it imports, with versions. */
  readonly imports: readonly string[];
  /** What it exports, with versions. */
  readonly exports: readonly string[];
  /** @internal */
  readonly compiled: Compiled | CompiledCore;
  /** @internal Whether tasks of it may wait for each other, as WASI 0.3 has them. */
  readonly isAsync: boolean;
  /** @internal What it was compiled of, for threads that are to do so again: the engine knows it by then. */
  readonly bytes: Uint8Array;
  /** @internal What compares types, where it has been compiled here: who builds ahead has compared them. */
  readonly checks: typeof TypeChecks | undefined;

  /** @internal */
  constructor(compiled: Compiled | CompiledCore, bytes: Uint8Array = new Uint8Array(0), checks?: typeof TypeChecks) {
    this.compiled = compiled;
    this.checks = checks;
    this.bytes = bytes;
    this.isAsync = compiled instanceof Compiled && compiled.plan.isAsync;
    if (compiled instanceof Compiled) {
      this.imports = [...compiled.plan.imports.keys()];
      this.exports = [...compiled.plan.exports.keys()];
    } else {
      this.imports = compiled.imports;
      this.exports = compiled.exports;
    }
  }
}

import { isObject } from "../io/shape.ts";
import { Compiled } from "../load/compiled.ts";
import type { CompiledCore } from "./core-module.ts";
import type * as TypeChecks from "./type-checks.ts";

/** Whether it is what `compile` gave, of whichever copy of this package. */
export function isCompiled(given: unknown): given is CompiledComponent {
  return isObject(given) && "compiled" in given;
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

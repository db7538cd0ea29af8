/** `sluice run --invoke 'f(1, "x")'`: a call of one function, in Wasmtime's notation. */
import { WaveError } from "../abi/wave/wave.ts";
import { Compiled } from "../load/compiled.ts";
import { moduleTypeOf } from "../load/decode/core-module.ts";
import type { CompiledComponent } from "../run/component.ts";
import { invocation, NoSuchFunctionError, type Invocation } from "../run/invoke.ts";
import { UsageError } from "./usage.ts";

/**
 * What `text` asks for.
 *
 * @param bytes Of what `component` was made.
 * @param words What follows the component on the command line: the arguments of a function of a core module.
 * @throws {UsageError} If the component has no such function, or the arguments are not of its types.
 */
export function invoked(
  component: CompiledComponent,
  bytes: Uint8Array,
  text: string,
  words: readonly string[],
): Invocation {
  if (!(component.compiled instanceof Compiled)) return coreInvocation(text, words, bytes);
  try {
    return invocation(component, text);
  } catch (error) {
    if (error instanceof NoSuchFunctionError) throw new UsageError(`--invoke: ${error.message}`);
    if (error instanceof WaveError) throw new UsageError(`--invoke ${JSON.stringify(text)}: ${error.message}`);
    throw error;
  }
}

/** A function of numbers, as Wasmtime calls it: `--invoke add app.wasm 1 2`. */
function coreInvocation(name: string, words: readonly string[], bytes: Uint8Array): Invocation {
  const exported = moduleTypeOf(bytes)?.exports.get(name);
  if (exported?.sort !== "core func") throw new UsageError(`--invoke: the module exports no function ${name}`);
  const { params } = exported.func ?? { params: words.map(() => undefined) };
  if (params.length !== words.length) {
    throw new UsageError(`--invoke ${name} expects ${params.length} numbers after the file, got ${words.length}`);
  }
  const values = words.map((word, index) => {
    const pattern = params[index]?.startsWith("f") === true ? FLOAT : INTEGER;
    if (!pattern.test(word)) {
      throw new UsageError(`--invoke ${name} expects a number (${params[index] ?? "?"}), got ${JSON.stringify(word)}`);
    }
    return params[index] === "i64" ? BigInt(word) : Number(word);
  });
  return {
    async call({ exports }) {
      const found = exports[name];
      if (typeof found !== "function") throw new Error(`${name} was exported before`);
      const result: unknown = await (found as (...numbers: unknown[]) => unknown)(...values);
      return typeof result === "number" || typeof result === "bigint" ? String(result) : "";
    },
  };
}

const INTEGER = /^-?\d+$/;
const FLOAT = /^-?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?$/i;

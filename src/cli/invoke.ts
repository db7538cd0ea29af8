/** `sluice run --invoke 'f(1, "x")'`: a call of one function, in Wasmtime's notation. */
import { nearestF32 } from "../abi/wave/nearest.ts";
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
  const { params, results } = exported.func ?? { params: [undefined], results: [] };
  if (![...params, ...results].every((type) => type !== undefined && Object.hasOwn(NUMBERS, type))) {
    throw new UsageError(`--invoke ${name}: this function of the module takes or gives what is no number`);
  }
  if (params.length !== words.length) {
    throw new UsageError(`--invoke ${name} expects ${params.length} numbers after the file, got ${words.length}`);
  }
  const values = params.map((type = "", index) => {
    const word = words[index] ?? "";
    const value = NUMBERS[type]?.(word);
    if (value !== undefined) return value;
    throw new UsageError(`--invoke ${name} expects a number (${type}), got ${JSON.stringify(word)}`);
  });
  return {
    async call({ exports }) {
      const found = exports[name];
      if (typeof found !== "function") throw new Error(`${name} was exported before`);
      const result: unknown = await (found as (...numbers: unknown[]) => unknown)(...values);
      // One is itself, and none is nothing.
      return (Array.isArray(result) ? result : [result ?? ""]).join("\n");
    },
  };
}

/** What each type makes of a word; nothing if that is none of its numbers. */
const NUMBERS: Readonly<Record<string, (word: string) => number | bigint | undefined>> = {
  i32: (word) => (isInteger(word, 32n) ? Number(word) : undefined),
  i64: (word) => (isInteger(word, 64n) ? BigInt(word) : undefined),
  f32: (word) => (FLOAT.test(word) ? nearestF32(word) : undefined),
  f64: (word) => (FLOAT.test(word) ? Number(word) : undefined),
};

const INTEGER = /^-?\d+$/;
const FLOAT = /^-?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?$/i;

/** Whether it has so many bits, with a sign or without. */
function isInteger(word: string, bits: bigint): boolean {
  return INTEGER.test(word) && BigInt(word) >= -(2n ** (bits - 1n)) && BigInt(word) < 2n ** bits;
}

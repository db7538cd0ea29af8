/** `sluice run --invoke 'f(1, "x")'`: a call of one function, in Wasmtime's notation. */
import { camelCase, splitVersion } from "../abi/names.ts";
import type { FuncType } from "../abi/types.ts";
import { parseArguments, parseCall } from "../abi/wave-parse.ts";
import { printValue } from "../abi/wave-print.ts";
import { WaveError } from "../abi/wave.ts";
import { WitError } from "../io/errors.ts";
import { Compiled } from "../load/compiled.ts";
import { moduleTypeOf } from "../load/core-module.ts";
import type { Item } from "../load/items.ts";
import type { CompiledComponent } from "../run/component.ts";
import type { RunningInstance } from "../run/instantiate.ts";
import { UsageError } from "./usage.ts";

/** A function of a component, and how to call it. */
export interface Invocation {
  /** Calls it. Gives what is to be printed. */
  call(instance: RunningInstance): Promise<string>;
}

/**
 * What `text` asks for.
 *
 * @param bytes Of what `component` was made.
 * @param words What follows the component on the command line: the arguments of a function of a core module.
 * @throws {UsageError} If the component has no such function, or the arguments are not of its types.
 */
export function invocation(
  { compiled }: CompiledComponent,
  bytes: Uint8Array,
  text: string,
  words: readonly string[],
): Invocation {
  if (!(compiled instanceof Compiled)) return coreInvocation(text, words, bytes);
  try {
    const { name, args } = parseCall(text);
    const { path, type } = find(compiled.plan.exports, name);
    const values = parseArguments(args, type.params);
    return { call: async (instance) => printed(() => functionAt(instance, path)(...values), type) };
  } catch (error) {
    if (!(error instanceof WaveError)) throw error;
    throw new UsageError(`--invoke ${JSON.stringify(text)}: ${error.message}`);
  }
}

type Path = readonly [string, ...string[]];

interface Found {
  /** Names of the objects and the function in JavaScript. */
  readonly path: Path;
  readonly type: FuncType;
  /** As a person may write it. */
  readonly name: string;
}

function* functionsOf(items: ReadonlyMap<string, Item>): Generator<Found, void, void> {
  for (const [name, item] of items) {
    if (item.sort === "func") yield { path: [camelCase(name)], type: item.func.type, name };
    if (item.sort !== "instance") continue;
    const [plain, version] = splitVersion(name);
    for (const [member, inner] of item.instance.exports) {
      if (inner.sort !== "func" || member.startsWith("[")) continue;
      const written = `${plain}.${member}${version && `@${version}`}`;
      yield { path: [name, camelCase(member)], type: inner.func.type, name: written };
    }
  }
}

/** By its whole name, or by that of the function alone if there is only one. */
function find(exports: ReadonlyMap<string, Item>, name: string): Found {
  const all = [...functionsOf(exports)];
  const exact = all.find((found) => found.name === name || withoutVersion(found.name) === name);
  if (exact) return exact;
  const named = all.filter((found) => withoutVersion(found.name).endsWith(`.${name}`));
  const [only] = named;
  if (only && named.length === 1) return only;
  const names = (named.length > 1 ? named : all).map((found) => found.name).join(", ") || "none";
  throw new UsageError(
    named.length > 1
      ? `--invoke: there are several functions ${name}: say which of ${names}`
      : `--invoke: the component exports no function ${name}: expected one of ${names}`,
  );
}

function withoutVersion(name: string): string {
  return splitVersion(name)[0];
}

type AnyFunction = (...args: unknown[]) => unknown;

function functionAt({ exports }: RunningInstance, path: Path): AnyFunction {
  let found: unknown = exports;
  // A `then` is not called so: see Exports.
  for (const name of path) found = (found as Readonly<Record<string, unknown>>)[name === "then" ? "then_" : name];
  if (typeof found !== "function") throw new Error(`${path.join(" ")} was exported before`);
  return found as AnyFunction;
}

async function printed(call: () => unknown, { result }: FuncType): Promise<string> {
  if (!result) {
    await call();
    return "";
  }
  if (result.kind !== "result") return `${printValue(await call(), result)}\n`;
  try {
    return `${printValue({ tag: "ok", val: await call() }, result)}\n`;
  } catch (error) {
    if (!(error instanceof WitError)) throw error;
    return `${printValue({ tag: "err", val: error.payload }, result)}\n`;
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
      const result: unknown = await (found as AnyFunction)(...values);
      return typeof result === "number" || typeof result === "bigint" ? `${result}\n` : "";
    },
  };
}

const INTEGER = /^-?\d+$/;
const FLOAT = /^-?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?$/i;

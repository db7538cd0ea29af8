/** Functions that a component exports, as people write and read them: calls and results in WAVE. */
import { camelCase, splitVersion } from "../abi/names.ts";
import { describe } from "../abi/describe.ts";
import type { FuncType, NamedType } from "../abi/types.ts";
import { parseArguments, parseCall } from "../abi/wave/parse.ts";
import { printValue } from "../abi/wave/print.ts";
import { WitError } from "../io/errors.ts";
import { told } from "../io/told.ts";
import { Compiled } from "../load/compiled.ts";
import type { Item } from "../load/plan/items.ts";
import { isCompiled, type CompiledComponent } from "./component.ts";
import type { RunningInstance } from "./instantiate.ts";

/** A call of one function, which fits its types. */
export interface Invocation {
  /** Calls it. Gives the result in WAVE, and nothing if there is none. Rejects as the function does. */
  call(instance: RunningInstance): Promise<string>;
}

/** One function of a component, in words. */
export interface InspectedFunction {
  /** As a call may name it: `add`, or `ns:pkg/iface.add@1.0.0`. */
  readonly name: string;
  readonly parameters: readonly InspectedParameter[];
  /** The type in WIT; `undefined` if it gives nothing. */
  readonly result: string | undefined;
}

/** A parameter of a function, in words. */
export interface InspectedParameter {
  readonly name: string;
  /** In WIT; shortened if nobody would read all of it. */
  readonly type: string;
}

/** Thrown for a call of what is not there, or of what could be several functions. */
export class NoSuchFunctionError extends Error {
  override readonly name: string = "NoSuchFunctionError";
}

/** All that `invocation` may call: no methods, constructors or functions of classes. */
export function functionsOf(exports: ReadonlyMap<string, Item>): InspectedFunction[] {
  return [...found(exports)].map(({ name, type: { params, result } }) => ({
    name,
    parameters: params.map(({ name: parameter, type }: NamedType) => ({ name: parameter, type: describe(type) })),
    result: result && describe(result),
  }));
}

/**
 * What `text` asks for, such as `add(1, 2)`. The name alone will do where only one interface has such a function.
 *
 * @param component That the instance is going to be of.
 * @throws {TypeError} If it is none.
 * @throws {NoSuchFunctionError} If the component has no such function.
 * @throws {WaveError} If `text` is no call, or its arguments are not of the function's types.
 */
export function invocation(component: CompiledComponent, text: string): Invocation {
  if (!isCompiled(component)) throw new TypeError(`A component must be what \`compile\` gave; got ${told(component)}`);
  const { compiled } = component;
  if (!(compiled instanceof Compiled)) {
    throw new NoSuchFunctionError("the functions of a core module have no types that WAVE could be read by");
  }
  const { name, args, before } = parseCall(text);
  const { path, type } = find(compiled.plan.exports, name);
  const values = parseArguments(args, type.params, before);
  return { call: async (instance) => printed(() => functionAt(instance, path)(...values), type) };
}

type Path = readonly [string, ...string[]];

interface Found {
  /** Names of the objects and the function in JavaScript. */
  readonly path: Path;
  readonly type: FuncType;
  /** As a person may write it. */
  readonly name: string;
}

function* found(items: ReadonlyMap<string, Item>): Generator<Found, void, void> {
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
  const all = [...found(exports)];
  const exact = all.find((one) => one.name === name || withoutVersion(one.name) === name);
  if (exact) return exact;
  const named = all.filter((one) => withoutVersion(one.name).endsWith(`.${name}`));
  const [only] = named;
  if (only && named.length === 1) return only;
  const names = (named.length > 1 ? named : all).map((one) => one.name).join(", ") || "none";
  throw new NoSuchFunctionError(
    named.length > 1
      ? `there are several functions ${name}: say which of ${names}`
      : `the component exports no function ${name}: expected one of ${names}`,
  );
}

function withoutVersion(name: string): string {
  return splitVersion(name)[0];
}

type AnyFunction = (...args: unknown[]) => unknown;

function functionAt({ exports }: RunningInstance, path: Path): AnyFunction {
  let at: unknown = exports;
  // A `then` is not called so: see Exports.
  for (const name of path) at = (at as Readonly<Record<string, unknown>>)[name === "then" ? "then_" : name];
  if (typeof at !== "function") throw new Error(`${path.join(" ")} was exported before`);
  return at as AnyFunction;
}

async function printed(call: () => unknown, { result }: FuncType): Promise<string> {
  if (!result) {
    await call();
    return "";
  }
  if (result.kind !== "result") return printValue(await call(), result);
  try {
    return printValue({ tag: "ok", val: await call() }, result);
  } catch (error) {
    if (!(error instanceof WitError)) throw error;
    return printValue({ tag: "err", val: error.payload }, result);
  }
}

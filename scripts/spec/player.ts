/** Plays a script of the component model: makes its components, calls what they export, and holds that against what it says. */
import { InvalidComponentError } from "../../src/load/invalid-component.ts";
import { UnsupportedComponentError } from "../../src/load/unsupported.ts";
import type { FuncType } from "../../src/abi/types.ts";
import { camelCase } from "../../src/abi/names.ts";
import { WitError } from "../../src/io/errors.ts";
import { compileComponent } from "../../src/load/compile.ts";
import { type Compiled } from "../../src/load/compiled.ts";
import { CompiledComponent } from "../../src/run/component.ts";
import type { Imports } from "../../src/run/imports.ts";
import { MissingImportsError } from "../../src/run/missing-imports.ts";
import { instantiate, type RunningInstance } from "../../src/run/instantiate.ts";
import { nodePlatform } from "../../src/hosts/node/platform.ts";
import { headOf, lineOf, textOf, expressionsOf, type Expression, type List } from "./expression.ts";
import { isSame, valueOf } from "./values.ts";

/** How one command of a script went. */
export interface Outcome {
  readonly line: number;
  /** `assert_return`, `component` and so on. */
  readonly command: string;
  /** `text`: the text format refused it, before it came to us. */
  readonly verdict: "passed" | "failed" | "unsupported" | "text";
  readonly reason: string;
}

/** Makes a binary of the text of a component; rejects with a `TextError`. */
export type Assemble = (text: string) => Promise<Uint8Array>;

/** The text format has no such component. */
export class TextError extends Error {
  override readonly name: string = "TextError";
}

/** Not what the script expects. */
class Mismatch extends Error {
  override readonly name: string = "Mismatch";
}

interface Made {
  readonly component: Compiled;
  readonly instance: RunningInstance;
}

/** What there is by a name; an error if it could not be made. */
type Named<T> = Map<string | undefined, T | { readonly failure: unknown }>;

/** @param host What components may import, besides instances of the script that have a name. */
export async function play(script: string, assemble: Assemble, host: Imports): Promise<Outcome[]> {
  const player = new Player(script, assemble, host);
  const outcomes: Outcome[] = [];
  for (const expression of expressionsOf(script)) {
    // One after the other: each may depend on what was before.
    if (expression.is === "list") outcomes.push(await player.command(expression));
  }
  await player.close();
  return outcomes;
}

class Player {
  readonly #script: string;
  readonly #assemble: Assemble;
  readonly #host: Imports;
  readonly #definitions: Named<{ readonly component: Compiled }> = new Map();
  /** The last one also by no name. */
  readonly #instances: Named<Made> = new Map();
  readonly #all: RunningInstance[] = [];

  constructor(script: string, assemble: Assemble, host: Imports) {
    this.#script = script;
    this.#assemble = assemble;
    this.#host = host;
  }

  async close(): Promise<void> {
    await Promise.all(this.#all.map((instance) => instance.close()));
  }

  async command(list: List): Promise<Outcome> {
    const command = headOf(list) ?? "";
    const line = lineOf(this.#script, list.start);
    try {
      const wordless = await this.#run(command, list);
      return { line, command, verdict: wordless ?? "passed", reason: "" };
    } catch (error) {
      return { line, command, ...verdictOf(error) };
    }
  }

  async #run(command: string, list: List): Promise<"text" | undefined> {
    const [, subject, ...rest] = list.items;
    switch (command) {
      case "component":
        await this.#component(list);
        return;
      case "invoke":
        await this.#invoke(list);
        return;
      case "assert_return":
        return this.#assertReturn(asList(subject), rest);
      case "assert_trap":
        return this.#assertTrap(asList(subject));
      case "assert_invalid":
      case "assert_malformed":
        return this.#assertInvalid(asList(subject));
      case "assert_unlinkable":
      case "assert_uninstantiable":
        return this.#assertUnlinkable(asList(subject));
      default:
        throw new UnsupportedComponentError(`the command ${command}`);
    }
  }

  async #component(list: List): Promise<void> {
    const [, form, ...names] = list.items;
    const ids = [form, ...names].flatMap((item) => (item?.is === "word" && item.word.startsWith("$") ? item.word : []));
    if (headOf(form) === "instance") {
      const [name, definition] = ids;
      await this.#keep(this.#instances, [undefined, name], async () => {
        const { component } = found(this.#definitions, definition);
        return this.#instantiate(component);
      });
      return;
    }
    const isDefinition = headOf(form) === "definition";
    const id = ids[0];
    if (isDefinition) {
      await this.#keep(this.#definitions, [id], async () => ({ component: await this.#compile(list) }));
    } else {
      await this.#keep(this.#instances, [undefined, id], async () => this.#instantiate(await this.#compile(list)));
    }
  }

  async #keep<T>(named: Named<T>, names: readonly (string | undefined)[], make: () => Promise<T>): Promise<void> {
    try {
      const made = await make();
      for (const name of names) named.set(name, made);
    } catch (failure) {
      for (const name of names) named.set(name, { failure });
      throw failure;
    }
  }

  async #instantiate(component: Compiled): Promise<Made> {
    const named = [...this.#instances].flatMap(([name, made]) =>
      name !== undefined && "instance" in made ? [[name.slice(1), made.instance.exports] as const] : [],
    );
    const imports = { ...this.#host, ...Object.fromEntries(named) };
    const { unsupported } = component.plan;
    if (unsupported !== undefined) throw new UnsupportedComponentError(unsupported);
    const instance = await instantiate(nodePlatform, new CompiledComponent(component), {
      imports,
      syncExports: !component.plan.isAsync,
      deadlock: "trap",
    });
    this.#all.push(instance);
    return { component, instance };
  }

  async #compile(list: List): Promise<Compiled> {
    return compileComponent(await this.#binary(list));
  }

  /** Of `(component $name? definition? (binary "..."... | quote "..."... | FIELDS))`. */
  async #binary(list: List): Promise<Uint8Array> {
    const strings = list.items.flatMap((item) => (item.is === "string" ? [item.bytes] : []));
    const words = new Set(list.items.map(headOf));
    if (words.has("binary")) return Uint8Array.from(strings.flatMap((bytes) => [...bytes]));
    if (words.has("quote")) {
      return this.#assemble(strings.map((bytes) => new TextDecoder().decode(bytes)).join(" "));
    }
    const definition = list.items.find((item) => item.is === "word" && item.word === "definition");
    const text = this.#script.slice(list.start, list.end);
    if (!definition) return this.#assemble(text);
    return this.#assemble(text.slice(0, definition.start - list.start) + text.slice(definition.end - list.start));
  }

  /** Calls a function. What it returns or throws as the error case of a result is given in `{ tag, val }`. */
  async #invoke(list: List): Promise<{ readonly type: FuncType; readonly value: unknown }> {
    const words = list.items.slice(1);
    const id = words[0]?.is === "word" ? words.shift() : undefined;
    const name = textOf(words.shift()) ?? "";
    const { component, instance } = found(this.#instances, headOf(id));
    const item = component.plan.exports.get(name);
    if (item?.sort !== "func") throw new Mismatch(`no function ${name} is exported`);
    const { type } = item.func;
    const args = type.params.map((param, index) => valueOf(param.type, words.slice(index, index + 1)));
    // What is exported under the name of a function is one.
    const exported = instance.exports[camelCase(name)] as (...values: unknown[]) => unknown;
    const run = (...values: unknown[]): unknown => inTime(exported(...values));
    if (type.result?.kind !== "result") return { type, value: await run(...args) };
    try {
      return { type, value: { tag: "ok", val: await run(...args) } };
    } catch (error) {
      if (!(error instanceof WitError)) throw error;
      return { type, value: { tag: "err", val: error.payload } };
    }
  }

  async #assertReturn(invocation: List, expected: readonly Expression[]): Promise<undefined> {
    const { type, value } = await this.#invoke(invocation);
    if (expected.length === 0) return;
    if (!type.result) throw new Mismatch("it returns nothing");
    const wanted = valueOf(type.result, expected);
    if (!isSame(wanted, value)) throw new Mismatch(`it returned ${shown(value)}, not ${shown(wanted)}`);
  }

  async #assertTrap(subject: List): Promise<undefined> {
    let value;
    try {
      if (headOf(subject) === "component") value = await this.#instantiate(await this.#compile(subject));
      else ({ value } = await this.#invoke(subject));
    } catch (error) {
      if (error instanceof WebAssembly.RuntimeError) return;
      throw error;
    }
    throw new Mismatch(`it did not trap, but returned ${headOf(subject) === "component" ? "" : shown(value)}`);
  }

  async #assertInvalid(subject: List): Promise<"text" | undefined> {
    let bytes;
    try {
      bytes = await this.#binary(subject);
    } catch (error) {
      if (error instanceof TextError) return "text";
      throw error;
    }
    let component;
    try {
      component = await compileComponent(bytes);
    } catch (error) {
      if (error instanceof InvalidComponentError) return undefined;
      throw error;
    }
    const { unsupported } = component.plan;
    if (unsupported !== undefined) throw new UnsupportedComponentError(unsupported);
    throw new Mismatch("it is accepted");
  }

  async #assertUnlinkable(subject: List): Promise<undefined> {
    const component = await this.#compile(subject);
    try {
      await this.#instantiate(component);
    } catch (error) {
      if (error instanceof MissingImportsError || error instanceof InvalidComponentError) return;
      throw error;
    }
    throw new Mismatch("it is instantiated");
  }
}

/** Milliseconds after which a call that waits is taken to wait for ever. */
const LIMIT = 3000;

function inTime(value: unknown): unknown {
  if (!(value instanceof Promise)) return value;
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Mismatch("it never returned")), LIMIT);
  });
  return Promise.race([value, late]).finally(() => clearTimeout(timer));
}

function found<T extends object>(named: Named<T>, name: string | undefined): T {
  const made = named.get(name);
  if (!made) throw new Mismatch(`nothing is called ${name ?? "the last one"}`);
  if ("failure" in made) throw made.failure;
  return made;
}

function asList(expression: Expression | undefined): List {
  if (expression?.is !== "list") throw new SyntaxError("a list in parentheses is expected");
  return expression;
}

function verdictOf(error: unknown): Pick<Outcome, "verdict" | "reason"> {
  const message = error instanceof Error ? error.message : String(error);
  const reason = (error instanceof Error ? `${error.name}: ` : "") + message.replaceAll(/\s+/g, " ").slice(0, 160);
  if (error instanceof TextError) return { verdict: "unsupported", reason };
  return { verdict: error instanceof UnsupportedComponentError ? "unsupported" : "failed", reason };
}

function shown(value: unknown): string {
  return (
    JSON.stringify(value, (_, part: unknown) =>
      typeof part === "bigint" ? `${part}n` : ArrayBuffer.isView(part) ? [...(part as Uint8Array)] : part,
    ) ?? "nothing"
  ).slice(0, 80);
}

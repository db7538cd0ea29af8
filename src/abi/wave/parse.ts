/** Values and calls from WAVE. Values have the shapes that jco gives them in JavaScript. */
import { BIGINT_ARRAYS, NUMBER_ARRAYS } from "../typed-arrays.ts";
import { isLabel } from "../name-rules.ts";
import { nearestF32 } from "./nearest.ts";
import type { NamedType, ValType } from "../types.ts";
import { quote, Scanner } from "./scan.ts";
import {
  BIGINTS,
  INTEGERS,
  isBigintKind,
  isCodePoint,
  isNumberKind,
  isTaggedOption,
  KEYWORDS,
  labelsOf,
  MAX_DEPTH,
  nameOf,
  withoutNotation,
  type BigintKind,
  type Label,
  type Labelled,
  type NumberKind,
} from "./wave.ts";

type Of<K extends ValType["kind"]> = Extract<ValType, { kind: K }>;

const INTEGER = /^-?(?:0|[1-9][0-9]*)$/;
const FLOAT = /^-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][-+]?[0-9]+)?$/;
/** Digits and sign of any 64-bit integer: longer ones need not be computed. */
const MAX_BIGINT_LENGTH = 20;

const CALLEE = /^(?:([^:/.@]+):([^:/.@]+)\/)?([^:/.@]+)(?:\.([^:/.@]+))?(?:@([0-9A-Za-z.+-]+))?$/;

/**
 * The two parts of `name(arguments)`. The name may be that of a function (`run`), of one of an interface
 * (`iface.run`), or of one of a package (`wasi:cli/run.run@0.2.0`: the version comes last). What the arguments are is
 * left to `parseArguments`, which is told how much stands `before` them.
 */
export function parseCall(text: string): { name: string; args: string; before: number } {
  const scan = new Scanner(text);
  const start = scan.skip();
  const open = text.indexOf("(", start);
  if (open < 0) throw scan.error('"(" after the name of a function', text.length);
  const name = text.slice(start, open).trimEnd();
  if (!isCallee(name)) {
    throw scan.error("the name of a function, as in run or wasi:cli/run.run@0.2.0", start, quote(name));
  }
  scan.moveTo(open);
  const close = scan.skipToClosing();
  scan.expect(")");
  if (scan.peek() !== "") throw scan.error("nothing after the call");
  return { name, args: text.slice(open + 1, close), before: open + 1 };
}

function isCallee(name: string): boolean {
  const [matched, namespace, pkg, first, second, version] = CALLEE.exec(name) ?? [];
  if (matched === undefined || (version !== undefined && pkg === undefined)) return false;
  return [namespace, pkg, first, second].every((label) => label === undefined || isLabel(label));
}

/**
 * Values for `params` from what is between the parentheses of a call. Options at the end may be left out.
 *
 * @param before How much of the call is before them, for the columns of what is wrong.
 */
export function parseArguments(text: string, params: readonly NamedType[], before: number = 0): unknown[] {
  const scan = new Scanner(text, before);
  const parser = new Parser(scan);
  const values = params.map(({ name, type }) => {
    scan.parameter = name;
    if (scan.peek() === "" && type.kind === "option") return none(type);
    const value = parser.value(type);
    if (!scan.eat(",") && scan.peek() !== "") throw scan.error('"," or the end');
    return value;
  });
  scan.parameter = undefined;
  if (scan.peek() !== "") throw scan.error(`${params.length} argument${params.length === 1 ? "" : "s"} and no more`);
  return values;
}

function none(type: Of<"option">): unknown {
  return isTaggedOption(type.some) ? { tag: "none" } : undefined;
}

function some(type: Of<"option">, val: unknown): unknown {
  return isTaggedOption(type.some) ? { tag: "some", val } : val;
}

class Parser {
  readonly #scan: Scanner;
  #depth = 0;

  constructor(scan: Scanner) {
    this.#scan = scan;
  }

  value(type: ValType): unknown {
    if (this.#depth === MAX_DEPTH) throw this.#scan.error(`at most ${MAX_DEPTH} levels`, this.#scan.skip(), "more");
    this.#depth++;
    const value = this.#sameLevel(type);
    this.#depth--;
    return value;
  }

  /** A value that is no deeper in the text than what it is the value of. */
  #sameLevel(type: ValType): unknown {
    switch (type.kind) {
      case "bool":
        return this.#bool();
      case "char":
        return this.#char();
      case "string":
        if (this.#scan.peek() !== '"') throw this.#scan.error("string, with its double quotes");
        return this.#scan.string();
      case "record":
        return this.#record(type);
      case "tuple":
        return this.#tuple(type);
      case "variant":
        return this.#variant(type);
      case "enum":
        return this.#case(type)[0];
      case "flags":
        return this.#flags(type);
      case "option":
        return this.#option(type);
      case "result":
        return this.#result(type);
      case "list":
        return this.#list(type);
      case "map":
        return this.#map(type);
      case "own":
      case "borrow":
      case "stream":
      case "future":
      case "error-context": {
        const { expected, found } = withoutNotation(type);
        throw this.#scan.error(expected, this.#scan.skip(), found);
      }
      default:
        return isBigintKind(type.kind) ? this.#bigint(type.kind) : this.#number(type.kind);
    }
  }

  #bool(): boolean {
    const at = this.#scan.skip();
    const word = this.#scan.word();
    if (word !== "true" && word !== "false") throw this.#scan.error("bool", at);
    return word === "true";
  }

  #char(): string {
    const at = this.#scan.skip();
    if (this.#scan.peek() !== "'") throw this.#scan.error("char");
    const char = this.#scan.quotedChar();
    if (!isCodePoint(char)) throw this.#scan.error("char", at);
    return char;
  }

  #number(kind: NumberKind): number {
    return kind === "f32" || kind === "f64" ? this.#float(kind) : this.#integer(kind);
  }

  #integer(kind: keyof typeof INTEGERS): number {
    const at = this.#scan.skip();
    const word = this.#scan.word();
    const value = INTEGER.test(word) ? Number(word) : Number.NaN;
    const [min, max] = INTEGERS[kind];
    if (!(value >= min && value <= max)) throw this.#scan.error(kind, at);
    // Not the zero that is negative.
    return value + 0;
  }

  #bigint(kind: BigintKind): bigint {
    const at = this.#scan.skip();
    const word = this.#scan.word();
    const value = word.length <= MAX_BIGINT_LENGTH && INTEGER.test(word) ? BigInt(word) : undefined;
    const [min, max] = BIGINTS[kind];
    if (value === undefined || value < min || value > max) throw this.#scan.error(kind, at);
    return value;
  }

  #float(kind: "f32" | "f64"): number {
    const at = this.#scan.skip();
    const word = this.#scan.word();
    if (word === "nan") return Number.NaN;
    if (word === "inf") return Number.POSITIVE_INFINITY;
    if (word === "-inf") return Number.NEGATIVE_INFINITY;
    if (!FLOAT.test(word)) throw this.#scan.error(kind, at);
    return kind === "f32" ? nearestF32(word) : Number(word);
  }

  /** What follows an opening bracket, through the closing one. */
  #items<T>(close: string, item: (index: number) => T): T[] {
    const items: T[] = [];
    while (!this.#scan.eat(close)) {
      items.push(item(items.length));
      if (!this.#scan.eat(",") && this.#scan.peek() !== close) throw this.#scan.error(`"," or "${close}"`);
    }
    return items;
  }

  #list(type: Of<"list">): ArrayLike<unknown> {
    const at = this.#scan.skip();
    this.#scan.expect("[", nameOf(type));
    const { element, length } = type;
    if (length === undefined) return this.#elements(element);
    const list = this.#items("]", () => this.value(element));
    if (length !== list.length) throw this.#scan.error(nameOf(type), at, `${list.length} elements`);
    return list;
  }

  /** A typed array if there is one for what is in it. A list of fixed length is always an array. */
  #elements(element: ValType): ArrayLike<unknown> {
    const { kind } = element;
    if (isNumberKind(kind)) return NUMBER_ARRAYS[kind].from(this.#items("]", () => this.#number(kind)));
    if (isBigintKind(kind)) return BIGINT_ARRAYS[kind].from(this.#items("]", () => this.#bigint(kind)));
    return this.#items("]", () => this.value(element));
  }

  /** A list of pairs, which is what a map is to the canonical ABI: wasm-wave does not know maps yet. */
  #map(type: Of<"map">): Map<unknown, unknown> {
    const map = new Map<unknown, unknown>();
    this.#scan.expect("[", `${nameOf(type)}, as a list of pairs`);
    this.#items("]", () => {
      this.#scan.expect("(", `a pair of ${nameOf(type.key)} and ${nameOf(type.value)}`);
      const at = this.#scan.skip();
      const key = this.value(type.key);
      if (map.has(key)) throw this.#scan.error("each key once", at);
      this.#scan.expect(",");
      map.set(key, this.value(type.value));
      this.#scan.eat(",");
      this.#scan.expect(")");
    });
    return map;
  }

  #tuple(type: Of<"tuple">): unknown[] {
    const at = this.#scan.skip();
    this.#scan.expect("(", nameOf(type));
    const values = this.#items(")", (index) => {
      const member = type.members[index];
      if (!member) throw this.#scan.error('")"');
      return this.value(member);
    });
    if (values.length < type.members.length) throw this.#scan.error(nameOf(type), at, `${values.length} values`);
    return values;
  }

  #record(type: Of<"record">): Record<string, unknown> {
    const values = new Map<string, unknown>();
    const at = this.#scan.skip();
    this.#scan.expect("{", nameOf(type));
    if (this.#scan.eat(":")) {
      this.#scan.expect("}");
    } else {
      if (this.#scan.peek() === "}") throw this.#scan.error(`a field, or ":" for none of them`);
      this.#items("}", () => {
        const [name, field] = this.#newLabel(type, values);
        this.#scan.expect(":");
        // Only a case may be without a type.
        values.set(name, field.type && this.value(field.type));
      });
    }
    const fields = type.fields.map(({ name, type: field }) => {
      if (values.has(name)) return values.get(name);
      if (field.kind !== "option") throw this.#scan.error(nameOf(type), at, `no field ${name}`);
      return none(field);
    });
    return Object.fromEntries([...labelsOf(type).values()].map(({ key }, index) => [key, fields[index]]));
  }

  #flags(type: Of<"flags">): Record<string, boolean> {
    const set = new Map<string, unknown>();
    this.#scan.expect("{", nameOf(type));
    this.#items("}", () => set.set(this.#newLabel(type, set)[0], true));
    return Object.fromEntries([...labelsOf(type)].map(([name, { key }]) => [key, set.has(name)]));
  }

  #newLabel(type: Labelled, taken: ReadonlyMap<string, unknown>): [name: string, label: Label] {
    const at = this.#scan.skip();
    const [name, label] = this.#label(type);
    if (taken.has(name)) throw this.#scan.error("each name once", at);
    return [name, label];
  }

  #label(type: Labelled): [name: string, label: Label] {
    const at = this.#scan.skip();
    const word = this.#scan.word();
    const name = word.startsWith("%") ? word.slice(1) : word;
    const label = labelsOf(type).get(name);
    if (!label) throw this.#scan.error(`a name of ${nameOf(type)}`, at);
    return [name, label];
  }

  /** The label of a case, which is not a keyword. */
  #case(type: Of<"variant" | "enum">): [name: string, label: Label] {
    const at = this.#scan.skip();
    const word = this.#scan.peekWord();
    const found = this.#label(type);
    if (KEYWORDS.has(word)) throw this.#scan.error(`%${word}, since ${word} alone is a keyword`, at);
    return found;
  }

  #variant(type: Of<"variant">): unknown {
    const [tag, { type: of }] = this.#case(type);
    return of ? this.#payload(tag, of) : { tag };
  }

  #payload(tag: string, type: ValType): { readonly tag: string; readonly val: unknown } {
    this.#scan.expect("(", `"(" and ${nameOf(type)}`);
    const val = this.value(type);
    this.#scan.expect(")");
    return { tag, val };
  }

  #option(type: Of<"option">): unknown {
    const word = this.#scan.peekWord();
    if (word !== "some" && word !== "none") return some(type, this.#bare(type, type.some));
    this.#scan.word();
    return word === "none" ? none(type) : some(type, this.#payload("some", type.some).val);
  }

  #result(type: Of<"result">): unknown {
    const word = this.#scan.peekWord();
    if (word !== "ok" && word !== "err") return { tag: "ok", val: this.#bare(type, type.ok) };
    this.#scan.word();
    const of = type[word];
    return of ? this.#payload(word, of) : { tag: word, val: undefined };
  }

  /** What an option or a result carries, without `some` or `ok`: it must not be one of the two itself. */
  #bare(type: Of<"option" | "result">, of: ValType | undefined): unknown {
    if (!of || of.kind === "option" || of.kind === "result") throw this.#scan.error(nameOf(type));
    return this.#sameLevel(of);
  }
}

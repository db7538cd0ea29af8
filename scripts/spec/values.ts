/** Values as scripts write them, and as JavaScript has them. */
import { camelCaseAll } from "../../src/abi/names.ts";
import type { ValType } from "../../src/abi/types.ts";
import { headOf, textOf, type Expression } from "./expression.ts";

type Items = readonly Expression[];

/** The value that `written` says: `(u8.const 1)`, or the same without parentheses. @throws {TypeError} If it has another type. */
export function valueOf(type: ValType, written: Items): unknown {
  const [first, ...rest] = written;
  if (first?.is === "list") return valueOf(type, first.items);
  const [kind, form] = (headOf(first) ?? "").split(".");
  const isOf = kind === "str" ? type.kind === "string" : type.kind === kind;
  if (!isOf) throw new TypeError(`a value of type ${type.kind} is written as ${kind}.${form}`);
  return ofForm(type, form ?? "", rest);
}

function ofForm(type: ValType, form: string, rest: Items): unknown {
  switch (type.kind) {
    case "list":
      return rest.map((item) => valueOf(type.element, [item]));
    case "tuple":
      return type.members.map((member, index) => valueOf(member, rest.slice(index, index + 1)));
    case "record":
      return recordOf(type, rest);
    case "flags": {
      const given = new Set(rest.map(textOf));
      const keys = camelCaseAll(type.names);
      return Object.fromEntries(type.names.map((name, index) => [keys[index], given.has(name)]));
    }
    case "enum":
      return textOf(rest[0]);
    case "variant": {
      const tag = textOf(rest[0]);
      return tagged(tag, type.cases.find(({ name }) => name === tag)?.type, rest.slice(1));
    }
    case "result":
      return tagged(form, form === "ok" ? type.ok : type.err, rest);
    case "option":
      if (type.some.kind === "option") return tagged(form, form === "some" ? type.some : undefined, rest);
      return form === "none" ? undefined : valueOf(type.some, rest);
    default:
      return scalar(type, rest);
  }
}

function tagged(tag: string | undefined, type: ValType | undefined, rest: Items): unknown {
  return type ? { tag, val: valueOf(type, rest) } : { tag };
}

function recordOf({ fields }: ValType & { kind: "record" }, rest: Items): unknown {
  const keys = camelCaseAll(fields.map(({ name }) => name));
  return Object.fromEntries(
    fields.map(({ type }, index) => {
      const field = rest[index];
      // (field "name" VALUE)
      return [keys[index], valueOf(type, field?.is === "list" ? field.items.slice(2) : [])];
    }),
  );
}

function scalar(type: ValType, [item]: Items): unknown {
  const word = (headOf(item) ?? "").replaceAll("_", "");
  switch (type.kind) {
    case "bool":
      return word === "true";
    case "char":
    case "string":
      return textOf(item);
    case "s64":
    case "u64":
      return word.startsWith("-") ? -BigInt(word.slice(1)) : BigInt(word);
    case "f32":
      return Math.fround(floatOf(word));
    case "f64":
      return floatOf(word);
    default:
      return word.startsWith("-") ? -Number(word.slice(1)) : Number(word);
  }
}

function floatOf(word: string): number {
  if (word.includes("nan")) return NaN;
  return word.endsWith("inf") ? (word.startsWith("-") ? -Infinity : Infinity) : Number(word);
}

/** Whether two values are the same, in whatever arrays their numbers lie. */
export function isSame(a: unknown, b: unknown): boolean {
  if (typeof a !== "object" || a === null || typeof b !== "object" || b === null) return Object.is(a, b);
  if (isArray(a) || isArray(b)) {
    if (!isArray(a) || !isArray(b)) return false;
    const others = [...b];
    return others.length === [...a].length && [...a].every((item, index) => isSame(item, others[index]));
  }
  const others = new Map(Object.entries(b));
  const keys = new Set([...Object.keys(a), ...others.keys()]);
  const own = new Map(Object.entries(a));
  return [...keys].every((key) => isSame(own.get(key), others.get(key)));
}

function isArray(value: object): value is Iterable<unknown> & object {
  return Symbol.iterator in value;
}

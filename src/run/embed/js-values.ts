/** Values that streams and futures carry: what stands for resources in them, as JavaScript has that, and the other way. */
import { told } from "../../io/told.ts";
import { camelCaseAll } from "../../abi/names.ts";
import type { ValType } from "../../abi/types.ts";
import { mentions } from "../../abi/type-facts.ts";

/** Of a handle within a value. */
export type Leaf = (value: unknown, type: ValType) => unknown;

/** The same value, with each handle, stream and future in it as `leaf` makes it. A value without any stays what it is. */
export function convert(value: unknown, type: ValType, leaf: Leaf): unknown {
  if (!mentions(type, "own", "stream", "future")) return value;
  switch (type.kind) {
    case "own":
    case "stream":
    case "future":
      return leaf(value, type);
    case "record": {
      const record = objectOf(value);
      const names = camelCaseAll(type.fields.map((field) => field.name));
      return Object.fromEntries(
        type.fields.map((field, index) => {
          const name = names[index] ?? field.name;
          return [name, convert(record[name], field.type, leaf)];
        }),
      );
    }
    case "tuple":
      return type.members.map((member, index) => convert(arrayOf(value)[index], member, leaf));
    case "list":
      return arrayOf(value).map((item) => convert(item, type.element, leaf));
    case "option":
      return type.some.kind === "option"
        ? tagged(value, (tag) => (tag === "some" ? type.some : undefined), leaf)
        : value === undefined || value === null
          ? value
          : convert(value, type.some, leaf);
    case "result":
      return tagged(value, (tag) => (tag === "ok" ? type.ok : type.err), leaf);
    case "variant":
      return tagged(value, (tag) => type.cases.find(({ name }) => name === tag)?.type, leaf);
    default:
      throw new TypeError(`A stream or future of ${type.kind} with resources in it does not pass to JavaScript`);
  }
}

function tagged(value: unknown, payload: (tag: unknown) => ValType | undefined, leaf: Leaf): unknown {
  const { tag, val } = objectOf(value);
  const type = payload(tag);
  return { tag, val: type ? convert(val, type, leaf) : val };
}

function objectOf(value: unknown): Readonly<Record<string, unknown>> {
  if (typeof value !== "object" || value === null) throw new TypeError(`expected an object, got ${told(value)}`);
  // Members are looked at as what they may be.
  return value as Readonly<Record<string, unknown>>;
}

function arrayOf(value: unknown): readonly unknown[] {
  if (!Array.isArray(value)) throw new TypeError(`expected an array, got ${told(value)}`);
  return value;
}

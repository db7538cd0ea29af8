/** Types in their binary form. */
import type { CoreType } from "../../abi/encode.ts";
import type { PrimitiveKind } from "../../abi/types.ts";
import type { CoreFuncType } from "./core-types.ts";
import { coreExtern, recursiveTypes } from "./core.ts";
import { declared, label } from "./extern.ts";
import { alias } from "./sort.ts";
import type {
  Declaration,
  ModuleDeclaration,
  RawCoreType,
  RawDefinedType,
  RawField,
  RawType,
  RawTypeDefinition,
} from "./definitions.ts";
import type { Reader } from "./reader.ts";

/** Types in types: deeper than anybody nests, and shallower than a stack. */
const MAX_DEPTH = 100;
/** Members of one record, variant, tuple or enum; parameters of one function. */
const MAX_MEMBERS = 10_000;

/** Reads types. Counts how deep they are within each other. */
export class TypeDecoder {
  #depth = 0;

  type(reader: Reader): RawTypeDefinition {
    const code = reader.byte();
    switch (code) {
      case 0x40:
      case 0x43:
        return { kind: "func", async: code === 0x43, params: fields(reader, "parameters"), result: resultType(reader) };
      case 0x41:
      case 0x42:
        return {
          kind: code === 0x41 ? "component" : "instance",
          declarations: this.#declarations(reader, code === 0x41),
        };
      case 0x3f:
        if (this.#depth > 0) reader.fail("a resource type is defined in a type, where it can only be declared");
        return { kind: "resource", rep: repType(reader), destructor: reader.optional(() => reader.u32()) };
      default:
        return definedType(reader, code);
    }
  }

  #declarations(reader: Reader, ofComponent: boolean): Declaration[] {
    if (++this.#depth > MAX_DEPTH) reader.fail(`types are nested deeper than ${MAX_DEPTH}`);
    const declarations = reader.list(() => this.#declaration(reader, ofComponent));
    this.#depth--;
    return declarations;
  }

  #declaration(reader: Reader, ofComponent: boolean): Declaration {
    const { offset } = reader;
    switch (reader.byte()) {
      case 0:
        return { kind: "core type", offset, type: coreTypeDefinition(reader) };
      case 1:
        return { kind: "type", offset, type: this.type(reader) };
      case 2:
        return { offset, ...alias(reader) };
      case 3:
        if (!ofComponent) reader.unknown("declaration of an instance type: it imports nothing");
        return { kind: "import", offset, ...declared(reader) };
      case 4:
        return { kind: "export", offset, ...declared(reader) };
      default:
        return reader.unknown("declaration");
    }
  }
}

const PRIMITIVES: Readonly<Record<number, PrimitiveKind>> = {
  0x7f: "bool",
  0x7e: "s8",
  0x7d: "u8",
  0x7c: "s16",
  0x7b: "u16",
  0x7a: "s32",
  0x79: "u32",
  0x78: "s64",
  0x77: "u64",
  0x76: "f32",
  0x75: "f64",
  0x74: "char",
  0x73: "string",
  0x64: "error-context",
};

function valueType(reader: Reader): RawType {
  return reader.index() ?? PRIMITIVES[reader.byte()] ?? reader.unknown("value type");
}

function fields(reader: Reader, what: string): RawField[] {
  return reader.list(() => ({ name: label(reader), type: valueType(reader) }), MAX_MEMBERS, what);
}

export function resultType(reader: Reader): RawType | undefined {
  const form = reader.byte();
  if (form === 0) return valueType(reader);
  if (form !== 1 || reader.byte() !== 0) reader.unknown("form of result");
  return undefined;
}

function repType(reader: Reader): CoreType {
  const code = reader.byte();
  if (code === 0x7f) return "i32";
  return code === 0x7e
    ? reader.fail("resources are represented by i64, which is not supported")
    : reader.unknown("type of a representation");
}

function definedType(reader: Reader, code: number): RawDefinedType {
  const primitive = PRIMITIVES[code];
  if (primitive) return { kind: "primitive", type: primitive };
  const type = (): RawType => valueType(reader);
  const some = <T>(items: T[]): T[] =>
    items.length === 0 ? reader.fail("a type of this kind has at least one member") : items;
  switch (code) {
    case 0x72:
      return { kind: "record", fields: some(fields(reader, "fields")) };
    case 0x71:
      return { kind: "variant", cases: some(cases(reader)) };
    case 0x70:
      return { kind: "list", element: type(), length: undefined };
    case 0x67:
      return { kind: "list", element: type(), length: reader.u32() || reader.fail("a list of fixed length is empty") };
    case 0x6f:
      return { kind: "tuple", members: some(reader.list(type, MAX_MEMBERS, "members")) };
    case 0x6e:
      return { kind: "flags", names: some(reader.list(() => label(reader), 32, "flags")) };
    case 0x6d:
      return { kind: "enum", names: some(reader.list(() => label(reader), MAX_MEMBERS, "cases")) };
    case 0x6b:
      return { kind: "option", some: type() };
    case 0x6a:
      return { kind: "result", ok: reader.optional(type), err: reader.optional(type) };
    case 0x69:
      return { kind: "own", resource: reader.u32() };
    case 0x68:
      return { kind: "borrow", resource: reader.u32() };
    case 0x66:
    case 0x65:
      return { kind: code === 0x66 ? "stream" : "future", element: reader.optional(type) };
    case 0x63:
      return { kind: "map", key: type(), value: type() };
    default:
      return reader.unknown("type");
  }
}

function cases(reader: Reader): { name: string; type: RawType | undefined }[] {
  return reader.list(
    () => {
      const name = label(reader);
      const type = reader.optional(() => valueType(reader));
      if (reader.byte() !== 0) reader.unknown("end of a case: expected 0");
      return { name, type };
    },
    MAX_MEMBERS,
    "cases",
  );
}

export function coreTypeDefinition(reader: Reader): RawCoreType {
  const code = reader.peek();
  if (code === 0x50) {
    reader.byte();
    return { kind: "module", declarations: reader.list(() => moduleDeclaration(reader)) };
  }
  return { kind: "types", types: coreTypes(reader) };
}

/** As in a core module, but that 0x50 is taken by module types: there is a 0 before it. */
function coreTypes(reader: Reader): (CoreFuncType | undefined)[] {
  if (reader.peek() === 0x50) reader.fail("a module type is not defined in another");
  if (reader.peek() !== 0) return recursiveTypes(reader);
  reader.byte();
  return reader.peek() === 0x50 ? recursiveTypes(reader) : reader.fail("0x50 is expected after 0x00");
}

function moduleDeclaration(reader: Reader): ModuleDeclaration {
  switch (reader.byte()) {
    case 0:
      return { kind: "import", module: reader.name(), name: reader.name(), extern: coreExtern(reader) };
    case 1:
      return { kind: "types", types: coreTypes(reader) };
    case 2:
      if (reader.byte() !== 0x10 || reader.byte() !== 1) reader.unknown("alias in a module type");
      return { kind: "outer alias", count: reader.u32(), index: reader.u32() };
    case 3:
      return { kind: "export", name: reader.name(), extern: coreExtern(reader) };
    default:
      return reader.unknown("declaration of a module type");
  }
}

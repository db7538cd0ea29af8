/** Canonical definitions: how core functions become functions of components, and the other way round. */
import { builtins } from "./builtins.ts";
import { NO_OPTIONS, type Canon, type CanonOptions, type RawType } from "./definitions.ts";
import type { Reader } from "./reader.ts";

const RESOURCE = { 2: "resource.new", 3: "resource.drop", 4: "resource.rep" } as const;

/** @param resultType Reads a result type, which is somebody else's to know. */
export function decodeCanon(reader: Reader, resultType: () => RawType | undefined): Canon {
  const code = reader.byte();
  switch (code) {
    case 0:
      zero(reader);
      return { kind: "lift", func: reader.u32(), options: canonOptions(reader), type: reader.u32() };
    case 1:
      zero(reader);
      return { kind: "lower", func: reader.u32(), options: canonOptions(reader) };
    case 2:
    case 3:
    case 4:
      return { kind: RESOURCE[code], type: reader.u32() };
  }
  const builtin = builtins().get(code);
  if (!builtin) return reader.unknown("canonical definition");
  let result: RawType | undefined;
  let options: CanonOptions | undefined;
  let flag = false;
  let is64 = false;
  const numbers: number[] = [];
  for (const operand of builtin.operands) {
    if (operand === "r") result = resultType();
    else if (operand === "o") options = canonOptions(reader);
    else if (operand === "n") numbers.push(reader.u32());
    else {
      const byte = reader.byte();
      if (operand === "f" ? byte > 1 : byte !== 0x7f && byte !== 0x7e) {
        reader.unknown("operand of a canonical definition");
      }
      if (operand === "f") flag = byte === 1;
      else is64 = byte === 0x7e;
    }
  }
  return { kind: "async builtin", name: builtin.name, flag, numbers, options, result, is64 };
}

function zero(reader: Reader): void {
  if (reader.byte() !== 0) reader.unknown("canonical definition of a function");
}

function canonOptions(reader: Reader): CanonOptions {
  const given = new Set<string>();
  const options: { -readonly [K in keyof CanonOptions]: CanonOptions[K] } = { ...NO_OPTIONS };
  const once = (name: string): void => {
    if (given.has(name)) reader.fail(`the canonical option ${name} is given twice`);
    given.add(name);
  };
  reader.list(() => {
    const code = reader.byte();
    switch (code) {
      case 0:
      case 1:
      case 2:
        once("string-encoding");
        options.encoding = code === 0 ? "utf8" : code === 1 ? "utf16" : "latin1+utf16";
        return;
      case 3:
        once("memory");
        options.memory = reader.u32();
        return;
      case 4:
        once("realloc");
        options.realloc = reader.u32();
        return;
      case 5:
        once("post-return");
        options.postReturn = reader.u32();
        return;
      case 6:
        once("async");
        options.async = true;
        return;
      case 7:
        once("callback");
        options.callback = reader.u32();
        return;
      default:
        reader.unknown("canonical option");
    }
  });
  return options;
}

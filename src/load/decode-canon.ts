/** Canonical definitions: how core functions become functions of components, and the other way round. */
import { NO_OPTIONS, type Canon, type CanonOptions, type RawType } from "./definitions.ts";
import type { Reader } from "./reader.ts";

/**
 * Those of asynchronous components: name, and what follows. `f`: a flag, `n`: a number, `o`: options, `r`: a result type,
 * `t`: a core value type.
 */
const ASYNC: Readonly<Record<number, readonly [name: string, operands: string]>> = {
  0x05: ["task.cancel", ""],
  0x06: ["subtask.cancel", "f"],
  0x09: ["task.return", "ro"],
  0x0a: ["context.get", "tn"],
  0x0b: ["context.set", "tn"],
  0x0c: ["thread.yield", "f"],
  0x0d: ["subtask.drop", ""],
  0x0e: ["stream.new", "n"],
  0x0f: ["stream.read", "no"],
  0x10: ["stream.write", "no"],
  0x11: ["stream.cancel-read", "nf"],
  0x12: ["stream.cancel-write", "nf"],
  0x13: ["stream.drop-readable", "n"],
  0x14: ["stream.drop-writable", "n"],
  0x15: ["future.new", "n"],
  0x16: ["future.read", "no"],
  0x17: ["future.write", "no"],
  0x18: ["future.cancel-read", "nf"],
  0x19: ["future.cancel-write", "nf"],
  0x1a: ["future.drop-readable", "n"],
  0x1b: ["future.drop-writable", "n"],
  0x1c: ["error-context.new", "o"],
  0x1d: ["error-context.debug-message", "o"],
  0x1e: ["error-context.drop", ""],
  0x1f: ["waitable-set.new", ""],
  0x20: ["waitable-set.wait", "fn"],
  0x21: ["waitable-set.poll", "fn"],
  0x22: ["waitable-set.drop", ""],
  0x23: ["waitable.join", ""],
  0x24: ["backpressure.inc", ""],
  0x25: ["backpressure.dec", ""],
  0x26: ["thread.index", ""],
  0x27: ["thread.new-indirect", "nn"],
  0x28: ["thread.resume-later", ""],
  0x29: ["thread.suspend", "f"],
  0x2a: ["thread.suspend-then-resume", "f"],
  0x2b: ["thread.yield-then-resume", "f"],
  0x2c: ["thread.suspend-then-promote", "f"],
  0x2d: ["thread.yield-then-promote", "f"],
  0x40: ["thread.spawn-ref", "fn"],
  0x41: ["thread.spawn-indirect", "fnn"],
  0x42: ["thread.available-parallelism", "f"],
};

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
  const builtin = ASYNC[code];
  if (!builtin) return reader.unknown("canonical definition");
  const [name, operands] = builtin;
  let result: RawType | undefined;
  let options: CanonOptions | undefined;
  let flag = false;
  let is64 = false;
  const numbers: number[] = [];
  for (const operand of operands) {
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
  return { kind: "async builtin", name, flag, numbers, options, result, is64 };
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

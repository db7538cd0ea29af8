/** Where in the guest a trap happened, from the engine's own stack trace. */

import { demangled } from "./demangle.ts";

/** A deep recursion repeats itself. */
const MAX_FRAMES = 20;

/** As V8 writes it: `at NAME (wasm://wasm/MODULE-HASH:wasm-function[INDEX]:OFFSET)`, with or without a name. */
const FRAME =
  /^ *at (?:(?<name>.*) \()?wasm:\/\/wasm\/(?<module>[^:]*):wasm-function\[(?<index>\d+)\]:(?<offset>0x\w+)/s;

/** Whether the guest did it: a trap of the engine, of ours, or one that the engine calls something else. */
export function isTrap(error: unknown): error is Error {
  if (error instanceof WebAssembly.RuntimeError) return true;
  // A stack overflow is a RangeError, whoever's stack it was.
  return error instanceof RangeError && framesOf(error)[0] !== undefined && isTopFrameWasm(error);
}

/** The WebAssembly frames alone, the innermost first, one a line. Empty if there are none. */
export function backtrace(error: Error): string {
  const frames = framesOf(error);
  const lines = frames.slice(0, MAX_FRAMES).map((frame) => `    at ${frame}\n`);
  if (frames.length > MAX_FRAMES) lines.push(`    and ${frames.length - MAX_FRAMES} more or deeper\n`);
  return lines.join("");
}

function framesOf(error: Error): string[] {
  return (error.stack ?? "").split("\n").flatMap((line) => {
    const { name, module, index, offset } = FRAME.exec(line)?.groups ?? {};
    if (module === undefined || index === undefined || offset === undefined) return [];
    // The hash of the module says nothing to anybody.
    const moduleName = module.replace(/-?[0-9a-f]{8}$/, "");
    const ownName = name?.startsWith(`${moduleName}.`) === true ? name.slice(moduleName.length + 1) : name;
    return [
      `${ownName === undefined ? `function ${index}` : demangled(ownName)} (${moduleName ? `${moduleName} ` : ""}${offset})`,
    ];
  });
}

function isTopFrameWasm(error: Error): boolean {
  const top = (error.stack ?? "").split("\n").find((line) => /^ *at /.test(line));
  return top !== undefined && FRAME.test(top);
}

/** Guests that no compiler makes: the smallest one, with another body. */
import { readFileSync } from "node:fs";
import { guest } from "./support.ts";

/** Of run-returns-err: the code section's id, its size, and that there are two functions. */
const CODE_SECTION = Uint8Array.of(0x0a, 0x9d, 0x01, 0x02);
const BODIES_BYTES = 0x9d - 1;
const UNREACHABLE = 0x00;
const NOP = 0x01;
const END = 0x0b;
/** No locals, then a trap. In place of the allocator, which is not called. */
const TRAPPING_BODY = [3, 0, UNREACHABLE, END];

/** Computes for ever, and never calls the host: loop, br 0, end. */
export function computesForEver(): Uint8Array {
  return withRun([0x03, 0x40, 0x0c, 0x00, END]);
}

/** Calls itself until there is no stack left. */
export function recursesForEver(): Uint8Array {
  return withRun([0x10, 0x01, 0x1a]);
}

/** A component in good order, but for its code: an opcode that does not exist. */
export function hasBadCode(): Uint8Array {
  return withRun([0xff]);
}

/** A command whose `run` is `code`, and then a trap. Everything keeps its size. */
function withRun(code: readonly number[]): Uint8Array {
  const bytes = readFileSync(guest("run-returns-err"));
  const at = bytes.indexOf(CODE_SECTION) + CODE_SECTION.length;
  if (at < CODE_SECTION.length) throw new Error("run-returns-err.wasm is not what it was: look at its code section");
  const bodyBytes = BODIES_BYTES - TRAPPING_BODY.length - 2;
  const body = [0, ...code];
  while (body.length < bodyBytes - 2) body.push(NOP);
  bytes.set([...TRAPPING_BODY, (bodyBytes & 0x7f) | 0x80, bodyBytes >> 7, ...body, UNREACHABLE, END], at);
  return bytes;
}

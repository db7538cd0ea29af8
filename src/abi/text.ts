/**
 * Text in a guest's memory: in UTF-8, as almost all guests have it. The other encodings are in units.ts.
 *
 * @see https://github.com/WebAssembly/component-model/blob/main/design/mvp/CanonicalABI.md#loading
 */
import { Part } from "../io/part.ts";
import { Trap } from "../io/trap.ts";
import { MAX_LIST_BYTES, type StringEncoding } from "./types.ts";
import type * as Units from "./units.ts";

/** As much of a guest as text needs. */
export interface TextGuest {
  readonly encoding: StringEncoding;
  readonly memory: Uint8Array;
  bytes(pointer: number, length: number): Uint8Array;
  allocate(size: number, align: number): number;
}

/** A text in a guest's memory. Its length is counted as its encoding does: in bytes, or units of 16 bits, with a tag if it may be either. */
export interface StoredText {
  readonly pointer: number;
  readonly units: number;
}

/** Reads and writes the other encodings. */
export const otherTexts: Part<typeof Units> = new Part(() => import("./units.ts"));

const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
const encoder = new TextEncoder();

/** Bytes of one unit, in which the length of a text is counted. */
export function unitBytes(encoding: StringEncoding, tagged: number): 1 | 2 {
  return encoding === "utf8" ? 1 : otherTexts.code.unitBytes(encoding, tagged);
}

/** Bytes of a text. @param tagged Its length, with the tag that "latin1+utf16" has. */
export function bytesOfText(encoding: StringEncoding, tagged: number): number {
  return encoding === "utf8" ? tagged >>> 0 : otherTexts.code.bytesOfUnits(encoding, tagged);
}

/** @throws {Trap} */
export function loadText(guest: TextGuest, pointer: number, tagged: number): string {
  return guest.encoding === "utf8"
    ? decoded(utf8, guest, pointer, tagged >>> 0, "UTF-8")
    : otherTexts.code.loadUnits(guest, pointer, tagged);
}

/** @throws {Trap} */
export function decoded(decoder: TextDecoder, guest: TextGuest, pointer: number, length: number, name: string): string {
  const bytes = textBytes(guest, pointer, length);
  try {
    return decoder.decode(bytes);
  } catch {
    throw new Trap("1.1", `a string of ${length} bytes is not valid ${name}`);
  }
}

/** Bytes that may be text. @throws {Trap} */
export function textBytes(guest: TextGuest, pointer: number, length: number): Uint8Array {
  if (length > MAX_LIST_BYTES) {
    throw new Trap("1.1", `a string of ${length} bytes: the canonical ABI allows ${MAX_LIST_BYTES}`);
  }
  return guest.bytes(pointer, length);
}

/** Stores text where the guest wants it. @throws {Trap} */
export function storeText(guest: TextGuest, text: string): StoredText {
  return guest.encoding === "utf8" ? storeUtf8(guest, text) : otherTexts.code.storeUnits(guest, text);
}

/** Text of which each unit is one byte. */
export function storeNarrow(guest: TextGuest, text: string, align: number): StoredText {
  const pointer = guest.allocate(text.length, align);
  const { memory } = guest;
  for (let index = 0; index < text.length; index++) memory[pointer + index] = text.charCodeAt(index);
  return { pointer, units: text.length };
}

/** ASCII that is not longer is stored here sooner than the runtime's encoder makes an array for it. */
const SHORT_UNITS = 32;

/** Text that is not longer is encoded in a place that is used again, sooner than in an array of its own. */
const SPARE_UNITS = 64 * 1024;

/** A unit takes at most so many bytes. */
const UTF8_BYTES = 3;

/** Where text is encoded, since only then it is known how long it is. Missing while it is in use, and before it ever was. */
const spare: { bytes: Uint8Array | undefined } = { bytes: undefined };

/** In one piece of just the right size: allocators of small guests, such as the preview 1 adapter's, have no other. */
function storeUtf8(guest: TextGuest, text: string): StoredText {
  if (text.length <= SHORT_UNITS && isBelow(text, 0x80)) return storeNarrow(guest, text, 1);
  assertTextLength(text.length);
  if (text.length > SPARE_UNITS) return storeBytes(guest, encoder.encode(text));
  const bytes = spare.bytes ?? new Uint8Array(SPARE_UNITS * UTF8_BYTES);
  // Whoever encodes while this guest allocates does so elsewhere.
  spare.bytes = undefined;
  const { written } = encoder.encodeInto(text, bytes);
  const stored = storeBytes(guest, bytes.subarray(0, written));
  spare.bytes = bytes;
  return stored;
}

function storeBytes(guest: TextGuest, bytes: Uint8Array): StoredText {
  assertTextLength(bytes.length);
  const pointer = guest.allocate(bytes.length, 1);
  guest.memory.set(bytes, pointer);
  return { pointer, units: bytes.length };
}

/** @throws {RangeError} */
export function assertTextLength(bytes: number): void {
  if (bytes > MAX_LIST_BYTES) {
    throw new RangeError(`A string of ${bytes} bytes: the canonical ABI allows ${MAX_LIST_BYTES}`);
  }
}

/** Whether all units of a text are. */
export function isBelow(text: string, limit: number): boolean {
  for (let index = 0; index < text.length; index++) if (text.charCodeAt(index) >= limit) return false;
  return true;
}

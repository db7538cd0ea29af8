/**
 * Text in a guest's memory, in each of the three encodings of the canonical ABI.
 *
 * @see https://github.com/WebAssembly/component-model/blob/main/design/mvp/CanonicalABI.md#loading
 */
import { Trap } from "../io/trap.ts";
import { MAX_LIST_BYTES, type StringEncoding } from "./types.ts";

/** As much of a guest as text needs. */
interface TextGuest {
  readonly encoding: StringEncoding;
  readonly memory: Uint8Array;
  bytes(pointer: number, length: number): Uint8Array;
  allocate(size: number, align: number): number;
}

/** In "latin1+utf16": the text is in units of 16 bits. */
const UTF16_TAG = 0x8000_0000;

const utf8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
const utf16 = new TextDecoder("utf-16le", { fatal: true, ignoreBOM: true });
const encoder = new TextEncoder();

/** Bytes of one unit, in which the length of a text is counted. */
export function unitBytes(encoding: StringEncoding, tagged: number): 1 | 2 {
  if (encoding === "utf8") return 1;
  return encoding === "utf16" || tagged >>> 0 >= UTF16_TAG ? 2 : 1;
}

/** Bytes of a text. @param tagged Its length, with the tag that "latin1+utf16" has. */
export function bytesOfText(encoding: StringEncoding, tagged: number): number {
  const units = tagged >>> 0;
  return encoding === "latin1+utf16" && units >= UTF16_TAG
    ? (units - UTF16_TAG) * 2
    : units * unitBytes(encoding, units);
}

/** @throws {Trap} */
export function loadText(guest: TextGuest, pointer: number, tagged: number): string {
  const units = tagged >>> 0;
  if (guest.encoding === "utf8") return decoded(utf8, guest, pointer, units, "UTF-8");
  if (guest.encoding === "utf16") return loadUtf16(guest, pointer, units);
  if (units >= UTF16_TAG) return loadUtf16(guest, pointer, units - UTF16_TAG);
  if ((pointer & 1) !== 0) throw new Trap("1.1", `text at ${pointer >>> 0} is not aligned to 2 bytes`);
  return latin1(checked(guest, pointer, units));
}

function loadUtf16(guest: TextGuest, pointer: number, units: number): string {
  if ((pointer & 1) !== 0) throw new Trap("1.1", `text at ${pointer >>> 0} is not aligned to 2 bytes`);
  return decoded(utf16, guest, pointer, units * 2, "UTF-16");
}

function decoded(decoder: TextDecoder, guest: TextGuest, pointer: number, length: number, name: string): string {
  const bytes = checked(guest, pointer, length);
  try {
    return decoder.decode(bytes);
  } catch {
    throw new Trap("1.1", `a string of ${length} bytes is not valid ${name}`);
  }
}

function checked(guest: TextGuest, pointer: number, length: number): Uint8Array {
  if (length > MAX_LIST_BYTES) {
    throw new Trap("1.1", `a string of ${length} bytes: the canonical ABI allows ${MAX_LIST_BYTES}`);
  }
  return guest.bytes(pointer, length);
}

/** The label "latin1" means windows-1252 to a TextDecoder, which is something else. */
function latin1(bytes: Uint8Array): string {
  let text = "";
  for (let at = 0; at < bytes.length; at += 8192) text += String.fromCharCode(...bytes.subarray(at, at + 8192));
  return text;
}

/** Stores text where the guest wants it. The length is counted as its encoding does. @throws {Trap} */
export function storeText(guest: TextGuest, text: string): { pointer: number; units: number } {
  if (guest.encoding === "utf8") return storeUtf8(guest, text);
  if (guest.encoding === "utf16" || !isBelow(text, 0x100)) {
    assertLength(text.length * 2);
    const pointer = guest.allocate(text.length * 2, 2);
    writeUnits(guest, pointer, text.toWellFormed());
    return { pointer, units: guest.encoding === "utf16" ? text.length : UTF16_TAG + text.length };
  }
  assertLength(text.length);
  return storeUnits(guest, text, 2);
}

/** Text of which each unit is one byte. */
function storeUnits(guest: TextGuest, text: string, align: number): { pointer: number; units: number } {
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
function storeUtf8(guest: TextGuest, text: string): { pointer: number; units: number } {
  if (text.length <= SHORT_UNITS && isBelow(text, 0x80)) return storeUnits(guest, text, 1);
  assertLength(text.length);
  if (text.length > SPARE_UNITS) return storeBytes(guest, encoder.encode(text));
  const bytes = spare.bytes ?? new Uint8Array(SPARE_UNITS * UTF8_BYTES);
  // Whoever encodes while this guest allocates does so elsewhere.
  spare.bytes = undefined;
  const { written } = encoder.encodeInto(text, bytes);
  const stored = storeBytes(guest, bytes.subarray(0, written));
  spare.bytes = bytes;
  return stored;
}

function storeBytes(guest: TextGuest, bytes: Uint8Array): { pointer: number; units: number } {
  assertLength(bytes.length);
  const pointer = guest.allocate(bytes.length, 1);
  guest.memory.set(bytes, pointer);
  return { pointer, units: bytes.length };
}

function assertLength(bytes: number): void {
  if (bytes > MAX_LIST_BYTES) {
    throw new RangeError(`A string of ${bytes} bytes: the canonical ABI allows ${MAX_LIST_BYTES}`);
  }
}

function isBelow(text: string, limit: number): boolean {
  for (let index = 0; index < text.length; index++) if (text.charCodeAt(index) >= limit) return false;
  return true;
}

function writeUnits(guest: TextGuest, pointer: number, text: string): void {
  const { buffer, byteOffset } = guest.bytes(pointer, text.length * 2);
  const view = new DataView(buffer, byteOffset, text.length * 2);
  for (let index = 0; index < text.length; index++) view.setUint16(index * 2, text.charCodeAt(index), true);
}

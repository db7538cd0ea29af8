/**
 * Text in a guest's memory, in units of 16 bits, or of 8 that are the first of Unicode. Loaded for a component that says so.
 *
 * @see https://github.com/WebAssembly/component-model/blob/main/design/mvp/CanonicalABI.md#loading
 */
import { Trap } from "../io/trap.ts";
import { assertTextLength, decoded, isBelow, storeNarrow, textBytes, type StoredText, type TextGuest } from "./text.ts";
import type { StringEncoding } from "./types.ts";

/** In "latin1+utf16": the text is in units of 16 bits. */
const UTF16_TAG = 0x8000_0000;

const utf16 = new TextDecoder("utf-16le", { fatal: true, ignoreBOM: true });

export function unitBytes(encoding: StringEncoding, tagged: number): 1 | 2 {
  return encoding === "utf16" || tagged >>> 0 >= UTF16_TAG ? 2 : 1;
}

export function bytesOfUnits(encoding: StringEncoding, tagged: number): number {
  const units = tagged >>> 0;
  return encoding === "latin1+utf16" && units >= UTF16_TAG
    ? (units - UTF16_TAG) * 2
    : units * unitBytes(encoding, units);
}

/** @throws {Trap} */
export function loadUnits(guest: TextGuest, pointer: number, tagged: number): string {
  const units = tagged >>> 0;
  if ((pointer & 1) !== 0) throw new Trap("1.1", `text at ${pointer >>> 0} is not aligned to 2 bytes`);
  if (unitBytes(guest.encoding, units) === 1) return latin1(textBytes(guest, pointer, units));
  return decoded(utf16, guest, pointer, bytesOfUnits(guest.encoding, units), "UTF-16");
}

/** The label "latin1" means windows-1252 to a TextDecoder, which is something else. */
function latin1(bytes: Uint8Array): string {
  let text = "";
  for (let at = 0; at < bytes.length; at += 8192) text += String.fromCharCode(...bytes.subarray(at, at + 8192));
  return text;
}

/** @throws {Trap} */
export function storeUnits(guest: TextGuest, text: string): StoredText {
  if (guest.encoding === "utf16" || !isBelow(text, 0x100)) {
    assertTextLength(text.length * 2);
    const pointer = guest.allocate(text.length * 2, 2);
    writeUnits(guest, pointer, text.toWellFormed());
    return { pointer, units: guest.encoding === "utf16" ? text.length : UTF16_TAG + text.length };
  }
  assertTextLength(text.length);
  return storeNarrow(guest, text, 2);
}

function writeUnits(guest: TextGuest, pointer: number, text: string): void {
  const { buffer, byteOffset } = guest.bytes(pointer, text.length * 2);
  const view = new DataView(buffer, byteOffset, text.length * 2);
  for (let index = 0; index < text.length; index++) view.setUint16(index * 2, text.charCodeAt(index), true);
}

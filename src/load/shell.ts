/** A component without what its core modules do: all that its plan is made of. */
import { unsigned } from "../abi/encode.ts";
import { Reader } from "./reader.ts";
import { eachSection } from "./sizes.ts";

/** Of a core module: types, imports, functions, tables, memories, globals, exports, tags. What is left out is code and data. */
const KEPT = new Set([1, 2, 3, 4, 5, 6, 7, 13]);

/** @param bytes A component that makes sense. */
export function shellOf(bytes: Uint8Array): Uint8Array {
  const reader = new Reader(bytes);
  const pieces = [reader.bytes(8)];
  eachSection(reader, (id, section, size) => {
    if (id === 0) return;
    const contents = section.bytes(size);
    pieces.push(sectionOf(id, id === 1 ? moduleShell(contents) : id === 4 ? shellOf(contents) : contents));
  });
  return joined(pieces);
}

function moduleShell(bytes: Uint8Array): Uint8Array {
  const reader = new Reader(bytes);
  const pieces = [reader.bytes(8)];
  eachSection(reader, (id, section, size) => {
    if (KEPT.has(id)) pieces.push(sectionOf(id, section.bytes(size)));
  });
  return joined(pieces);
}

/** A module with one more section, which engines pass over. @param name ASCII, and shorter than 128. */
export function withSection(module: Uint8Array, name: string, contents: Uint8Array): Uint8Array {
  const named = joined([Uint8Array.of(name.length), new TextEncoder().encode(name), contents]);
  return joined([module, sectionOf(0, named)]);
}

function sectionOf(id: number, contents: Uint8Array): Uint8Array {
  return joined([Uint8Array.from([id, ...unsigned(contents.length)]), contents]);
}

function joined(pieces: readonly Uint8Array[]): Uint8Array {
  const bytes = new Uint8Array(pieces.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const piece of pieces) {
    bytes.set(piece, at);
    at += piece.length;
  }
  return bytes;
}

/** Core modules with one section in other words. */
import { unsigned } from "../abi/encode.ts";
import { Reader } from "./decode/reader.ts";
import { joined } from "./joined.ts";

/** @param write What is in the section in place of what is there; not called if there is none. */
export function replacedSection(bytes: Uint8Array, id: number, write: (content: Reader) => Uint8Array): Uint8Array {
  const reader = new Reader(bytes);
  reader.skip(8);
  while (!reader.atEnd) {
    const from = reader.offset;
    const found = reader.byte();
    const content = reader.part(reader.u32());
    if (found !== id) continue;
    const section = write(content);
    const head = Uint8Array.of(id, ...unsigned(section.length));
    return joined([bytes.subarray(0, from), head, section, bytes.subarray(reader.offset)]);
  }
  return bytes;
}

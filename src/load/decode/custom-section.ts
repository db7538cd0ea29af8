/** Custom sections of modules, which engines pass over. */
import { unsigned } from "../../abi/encode.ts";
import { joined } from "../joined.ts";

/** A module with one more section. @param name ASCII, and shorter than 128. */
export function withSection(module: Uint8Array, name: string, contents: Uint8Array): Uint8Array {
  const named = joined([Uint8Array.of(name.length), new TextEncoder().encode(name), contents]);
  return joined([module, Uint8Array.of(0x00, ...unsigned(named.length)), named]);
}

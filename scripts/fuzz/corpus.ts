/** What mutants are made of. */
import { readdirSync, readFileSync } from "node:fs";
import { parse } from "@bytecodealliance/jco-transpile/wasm-tools";
import { layerOf } from "../../src/load/decode/decode.ts";
import { TEXTS } from "./texts.ts";

const GUESTS = new URL("../../test/guests/built/", import.meta.url);

/** Large guests say nothing that small ones do not, and take long. */
const MOST_BYTES = 70_000;

export function guest(name: string): Uint8Array {
  return readFileSync(new URL(`${name}.wasm`, GUESTS));
}

/** Small components are in it several times, since more of them is worth a change. */
export async function corpus(): Promise<Uint8Array[]> {
  const texts = await Promise.all(TEXTS.map((fields) => parse(`(component ${fields})`)));
  const guests = readdirSync(GUESTS)
    .filter((name) => name.endsWith(".wasm"))
    .toSorted()
    .map((name) => readFileSync(new URL(name, GUESTS)))
    .filter((bytes) => bytes.length <= MOST_BYTES && layerOf(bytes) === "component");
  return [...guests, ...Array.from({ length: 8 }, () => texts).flat()];
}

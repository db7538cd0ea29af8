/** Makes an isolated instance, calls it, and leaves it. */
import { readFile } from "node:fs/promises";
import { instantiate } from "../../../src/index.ts";

const bytes = await readFile(new URL("../../guests/built/multi-export.wasm", import.meta.url));
const { exports } = await instantiate(bytes, { isolate: "thread" });
// As multi-export.wasm has it.
const { add } = exports["sluice:guests/demo"] as { readonly add: (a: number, b: number) => Promise<number> };
console.log(await add(1, 2));

// Makes the components that are written as text: built/NAME.wasm of src/wat/NAME.wat. Needs nothing but `npm ci`.
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { basename } from "node:path";
import { $init, tools } from "../../node_modules/@bytecodealliance/jco-transpile/vendor/wasm-tools.js";

await $init;
const folder = new URL("src/wat/", import.meta.url);
for (const file of readdirSync(folder)) {
  const text = readFileSync(new URL(file, folder), "utf8");
  writeFileSync(new URL(`built/${basename(file, ".wat")}.wasm`, import.meta.url), tools.parse(text));
}

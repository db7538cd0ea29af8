// Two guests at a time, `writer | wc`, with at most 4 KiB between them.
import { readFile } from "node:fs/promises";
import { compile, Pipe, run } from "sluice";

const built = new URL("../test/guests/built/", import.meta.url);
const writer = await compile(await readFile(new URL("writer.wasm", built)));
const wc = await compile(await readFile(new URL("wc.wasm", built)));

const pipe = new Pipe(4096);
const [left, right] = await Promise.all([
  run(writer, { args: ["writer", "10000000"], stdout: pipe.sink }),
  run(wc, { args: ["wc"], stdin: pipe.source, stdout: (chunk) => process.stdout.write(chunk) }),
]);

console.log(`exit codes ${left.exitCode} and ${right.exitCode}`);
console.log(
  `the writer wrote ${left.stats.stdout.bytes} bytes, and waited ${left.stats.stdout.waits > 0 ? "often" : "never"}`,
);

/** Components print what they print in Wasmtime. */
import { execFile } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { parse } from "@bytecodealliance/jco-transpile/wasm-tools";
import { printValue } from "../../src/abi/wave/print.ts";
import { nodePlatform } from "../../src/hosts/node/platform.ts";
import { compile } from "../../src/run/compile.ts";
import { instantiate } from "../../src/run/instantiate.ts";
import { invocation } from "../../src/run/invoke.ts";
import { reasonOf } from "./batch.ts";
import { anyEcho, chain } from "./chain.ts";
import { Values } from "./generate.ts";
import { Random } from "../random.ts";

const run = promisify(execFile);

async function ours(bytes: Uint8Array, call: string): Promise<string> {
  const component = await compile(bytes);
  const instance = await instantiate(nodePlatform, component);
  try {
    return `${await invocation(component, call).call(instance)}\n`;
  } finally {
    await instance.close();
  }
}

/** What somebody prints, or why nothing. */
async function told(print: () => Promise<string>): Promise<string> {
  try {
    return await print();
  } catch (error) {
    return `ERROR: ${reasonOf(error)}`;
  }
}

/** @returns How many calls printed something else. */
export async function wasmtime(binary: string, seed: number, count: number): Promise<number> {
  const folder = mkdtempSync(join(tmpdir(), "sluice-fuzz-"));
  const file = join(folder, "component.wasm");
  let failures = 0;
  for (let own = seed; own < seed + count && failures < 20; own++) {
    const random = new Random(own);
    const echo = anyEcho(random);
    const text = chain(echo, random.below(3), random);
    const values = new Values(random, undefined, 60);
    const call = `f(${echo.params.map((type) => printValue(values.of(type), type)).join(", ")})`;
    // An argument of a command has an end.
    if (call.length > 100_000) continue;
    const bytes = await told(async () => Buffer.from(await parse(text)).toString("base64"));
    writeFileSync(file, Buffer.from(bytes, "base64"));
    const theirs = await told(async () => (await run(binary, ["run", "--invoke", call, file])).stdout);
    const here = await told(() => ours(Buffer.from(bytes, "base64"), call));
    if (here === theirs && !here.startsWith("ERROR")) continue;
    failures++;
    console.log(
      `FAILED: npm run fuzz -- wasmtime BINARY --seed ${own} --count 1\n${call}\nours: ${here}theirs: ${theirs}`,
    );
  }
  rmSync(folder, { recursive: true });
  console.log(`${count} components, ${failures} failures`);
  return failures;
}

/**
 * A command in the library, from nothing: first-start.js PATH. Plain JavaScript: how long Node takes to strip types is
 * not to be measured.
 */
import { readFile } from "node:fs/promises";
import { basename } from "node:path";
import { CollectSink, run } from "sluice";

const [path] = process.argv.slice(2);
const stdout = new CollectSink();
const stderr = new CollectSink();
const { exitCode } = await run(await readFile(path), { args: [basename(path)], stdout, stderr });
process.exitCode = exitCode;

/**
 * `node scripts/this-node.js`: what is promised for the Node that it runs on, which may be older than any that the tests run
 * on, is there: commands of each kind, a server, and the library.
 */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFile } from "node:fs/promises";
import { createInterface } from "node:readline";
import { text } from "node:stream/consumers";
import { fileURLToPath } from "node:url";

const COMMAND = fileURLToPath(new URL("../bin/sluice.js", import.meta.url));
const guest = (name) => fileURLToPath(new URL(`../test/guests/built/${name}.wasm`, import.meta.url));

function start(args, stdio) {
  return spawn(process.execPath, [COMMAND, ...args], { stdio });
}

/** What the command says, and how it ends. */
async function said(args, input) {
  const child = start(args, ["pipe", "pipe", "inherit"]);
  child.stdin.end(input);
  const [out, [code]] = await Promise.all([text(child.stdout), once(child, "exit")]);
  return { out, code };
}

assert.deepEqual(await said([guest("p1/wc")], "one two\n"), { out: "1 2 8\n", code: 0 });
assert.deepEqual(await said(["run", guest("wc")], "one two\n"), { out: "1 2 8\n", code: 0 });
assert.deepEqual(await said(["run", guest("p3-cat")], "one two\n"), { out: "one two\n", code: 0 });
assert.equal((await said(["run", "--net", guest("hello")], "")).code, 0);

const server = start(["serve", "--addr", "127.0.0.1:0", guest("http-handler")], ["ignore", "inherit", "pipe"]);
const [line] = await once(createInterface({ input: server.stderr }), "line");
const url = /http:\S+/.exec(line)?.[0];
assert.ok(url, `a server says where it is, and this one says ${line}`);
assert.equal(await (await fetch(`${url}hello`)).text(), "Hello, WASI!");
assert.equal(await (await fetch(`${url}echo`, { method: "POST", body: "more" })).text(), "more");
server.kill("SIGTERM");
await once(server, "exit");

const { run } = await import("sluice");
const pieces = [];
const { exitCode } = await run(await readFile(guest("cat")), {
  stdin: { text: "one two\n" },
  stdout: (piece) => void pieces.push(piece.slice()),
});
assert.equal(exitCode, 0);
assert.equal(Buffer.concat(pieces).toString(), "one two\n");
console.log(`Commands, a server and the library run on Node ${process.version}`);

/** Components that jco transpiles, with our modules in the place of its shim: `jco transpile --map`. */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { mkdir, mkdtemp, readFile, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { after, before, test, type TestContext } from "node:test";
import { fileURLToPath } from "node:url";
import { $init, generate } from "@bytecodealliance/jco-transpile/component";
import { claimServer } from "../guests/claim-server.ts";

const root = fileURLToPath(new URL("../../", import.meta.url));
const packages = ["io", "cli", "clocks", "random", "filesystem", "sockets", "http"];
let folder: string;

before(async () => {
  folder = await mkdtemp(join(tmpdir(), "sluice-map-"));
  await mkdir(join(folder, "node_modules"));
  await symlink(root, join(folder, "node_modules", "sluice"));
  await $init;
});

after(() => rm(folder, { recursive: true }));

/** What `jco transpile` does, with the bindings and the mode of a sluice user's choice. Gives the module's path. */
async function transpile(name: string, bindings: "js" | "hybrid", mode: "sync" | "jspi"): Promise<string> {
  const component = await readFile(join(root, "test", "guests", "built", `${name}.wasm`));
  // The version is that of what the guest was built with.
  const version = name.endsWith("-rust") ? "0.2.0" : "0.2.12";
  const { files } = generate(component, {
    name: "app",
    noTypescript: true,
    noNodejsCompat: false,
    map: packages.map((each): [string, string] => [`wasi:${each}/*`, `sluice/${each}#*`]),
    importBindings: { tag: bindings },
    asyncMode:
      mode === "sync"
        ? { tag: "sync" }
        : { tag: "jspi", val: { imports: [], exports: [`wasi:cli/run@${version}#run`] } },
  });
  const out = join(folder, `${name}-${bindings}-${mode}`);
  for (const [file, content] of files) {
    await mkdir(dirname(join(out, file)), { recursive: true });
    await writeFile(join(out, file), content);
  }
  await writeFile(join(out, "main.mjs"), 'import { run } from "./app.js";\nawait run.run();\n');
  return join(out, "main.mjs");
}

interface Ended {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

async function runModule(path: string, input: string, ...args: readonly string[]): Promise<Ended> {
  const child = spawn(process.execPath, [path, ...args], { stdio: "pipe" });
  let [out, err] = ["", ""];
  child.stdout.on("data", (chunk: Buffer) => (out += chunk.toString()));
  child.stderr.on("data", (chunk: Buffer) => (err += chunk.toString()));
  // A reader that has left is part of what is tried here.
  child.stdin.on("error", () => {});
  const ended = new Promise<number | null>((resolve) => child.on("close", resolve));
  child.stdin.end(input);
  return { code: await ended, out, err };
}

for (const bindings of ["js", "hybrid"] as const) {
  for (const mode of ["sync", "jspi"] as const) {
    // Standard output is a socket here, which has to be waited for: lowered functions need jspi for that.
    if (bindings === "hybrid" && mode === "sync") continue;
    test(`jco transpile --map: hello with ${bindings} bindings, ${mode}`, async () => {
      const { code, out, err } = await runModule(await transpile("hello", bindings, mode), "");
      assert.deepEqual({ code, out, err }, { code: 0, out: "hello\n", err: "" });
    });
  }
}

test("jco transpile --map: a guest that waits, with hybrid bindings and jspi", async () => {
  const { code, out, err } = await runModule(await transpile("prompt-before-read", "hybrid", "jspi"), "an answer\n");
  assert.equal(code, 0, err);
  assert.match(out, /^> /);
});

test("jco transpile --map: a guest that waits, with js bindings, blocks its thread", async () => {
  const { code, out, err } = await runModule(await transpile("prompt-before-read", "js", "sync"), "an answer\n");
  assert.equal(code, 0, err);
  assert.match(out, /^> /);
});

for (const bindings of ["js", "hybrid"] as const) {
  test(`jco transpile --map: timers with ${bindings} bindings`, async () => {
    const { code, err } = await runModule(await transpile("thousand-timers", bindings, "jspi"), "");
    assert.deepEqual({ code, err }, { code: 0, err: "" });
  });
}

/** Lets the guest of a module send requests, or have the whole network, before it runs. */
async function granting(path: string, grant = "grantNetwork"): Promise<string> {
  const granted = path.replace(/main\.mjs$/, "granted.mjs");
  await writeFile(
    granted,
    `import * as sockets from "sluice/sockets";\nimport * as http from "sluice/http";\n` +
      `await { ...sockets, ...http }.${grant}(true);\nawait import("./main.mjs");\n`,
  );
  return granted;
}

for (const guest of ["tcp-exchange", "udp-exchange", "udp-errors", "lookup-localhost"]) {
  test(`jco transpile --map: ${guest}, with hybrid bindings and jspi`, async () => {
    const { code, err } = await runModule(await granting(await transpile(guest, "hybrid", "jspi")), "");
    assert.deepEqual({ code, err }, { code: 0, err: "" });
  });
}

for (const what of ["tcp", "udp", "refused"]) {
  test(`jco transpile --map: Rust's std::net, ${what}`, async () => {
    const { code, out, err } = await runModule(
      await granting(await transpile("sockets-rust", "hybrid", "jspi")),
      "",
      what,
    );
    assert.deepEqual({ code, out, err }, { code: 0, out: `${what} ok\n`, err: "" });
  });
}

/** The authority of a server. */
async function asked(t: TestContext): Promise<string> {
  const server = createServer(claimServer).listen(0, "127.0.0.1");
  t.after(() => {
    server.close();
    server.closeAllConnections();
  });
  await new Promise((resolve) => void server.once("listening", resolve));
  // It listens on a port of TCP.
  return `127.0.0.1:${(server.address() as AddressInfo).port}`;
}

for (const claim of [
  "get",
  "post",
  "once",
  "response-first",
  "never-sent",
  "two-lengths",
  "short",
  "long",
  "cut",
  "drop-future",
]) {
  test(`jco transpile --map: requests, ${claim}`, async (t) => {
    const path = await granting(await transpile("http-client", "hybrid", "jspi"), "grantHttp");
    const { code, err } = await runModule(path, "", claim, await asked(t));
    assert.deepEqual({ code, err }, { code: 0, err: "" });
  });
}

test("jco transpile --map: no requests are sent before that is granted", async (t) => {
  const path = await transpile("http-client", "hybrid", "jspi");
  const { code, err } = await runModule(path, "", "refused", await asked(t));
  assert.deepEqual({ code, err }, { code: 0, err: "" });
});

test("jco transpile --map: requests with js bindings trap, and say what to do", async (t) => {
  const path = await granting(await transpile("http-client", "js", "sync"), "grantHttp");
  const { code, err } = await runModule(path, "", "post", await asked(t));
  assert.notEqual(code, 0);
  assert.match(err, /wasi:http.*the guest has to wait here.*importBindings "hybrid"/);
});

test("jco transpile --map: nothing is granted before somebody does", async () => {
  const path = await transpile("sockets-rust", "hybrid", "jspi");
  const { code, out, err } = await runModule(path, "", "denied");
  assert.deepEqual({ code, out, err }, { code: 0, out: "denied ok\n", err: "" });
});

test("jco transpile --map: sockets with js bindings trap, and say what to do", async () => {
  const { code, err } = await runModule(await granting(await transpile("tcp-exchange", "js", "sync")), "");
  assert.notEqual(code, 0);
  assert.match(err, /a socket needs the event loop.*importBindings "hybrid"/);
});

/** The commands that tell what a component is, and run nothing. */
import assert from "node:assert/strict";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, test } from "node:test";
import { binaryOf, componentOf } from "../load/made.ts";
import { folder, guest, sluice } from "./support.ts";

const MISTAKES: readonly [args: readonly string[], message: string][] = [
  [["inspect"], "Expected a component, got none: try `sluice inspect app.wasm`"],
  [["types"], "Expected a component, got none: try `sluice types app.wasm`"],
  [["types", "--json", guest("cat")], "--json says nothing to `sluice types`: see `sluice help types`"],
  [["inspect", "--stats", guest("cat")], "--stats says nothing to `sluice inspect`: see `sluice help inspect`"],
  [["inspect", guest("cat"), "more"], '`sluice inspect` expects one component, got also "more"'],
  [["inspect", "--jsn", guest("cat")], "There is no option --jsn: see `sluice help inspect`"],
  [["run", "--json", guest("cat")], "--json says nothing to `sluice run`: it is for `sluice inspect`"],
  [["run", "-o", "app", guest("cat")], "-o says nothing to `sluice run`: it is for `sluice build`"],
  [["build"], "Expected a component, got none: try `sluice build app.wasm -o app`"],
  [
    ["build", "-o", "app.wasm"],
    "Expected a component, got none: app.wasm was taken for the value of -o; try `sluice build app.wasm -o app`",
  ],
  [
    ["--env", "app.wasm", "inspect"],
    "Expected a component, got none: app.wasm was taken for the value of --env; try `sluice inspect app.wasm`",
  ],
  [["build", guest("cat")], "Expected a folder for what is built: try -o app"],
  [["build", "--json", guest("cat")], "--json says nothing to `sluice build`: see `sluice help build`"],
  [["build", guest("cat"), "more"], '`sluice build` expects one component, got also "more"'],
  [
    ["build", guest("cat"), "-o", "/dev/null/app"],
    "/dev/null/app: It cannot be written: ENOTDIR: not a directory, mkdir '/dev/null/app'",
  ],
  [["types", "nosuch.wasm"], "nosuch.wasm: There is no such file: expected a component"],
  [["inspect", "/"], "/: This is a folder: expected the file of a component"],
];

describe("mistakes", { concurrency: 4 }, () => {
  for (const [args, message] of MISTAKES) {
    test(`sluice ${args.join(" ")}`, async () => {
      const { code, stdout, stderr } = await sluice(args);
      assert.deepEqual([stderr, stdout, code], [`sluice: ${message}\n`, "", 1]);
    });
  }
});

test("what is no component is refused", async (t) => {
  const path = join(folder(t), "text.wasm");
  await writeFile(path, "some text");
  for (const command of ["inspect", "types"]) {
    const { code, stdout, stderr } = await sluice([command, path]);
    assert.equal(code, 1);
    assert.equal(stdout, "");
    assert.match(stderr, /^sluice: .*text\.wasm: Expected a WebAssembly component, got 9 bytes that begin with "so/);
  }
});

test("a command is told with its world, what is provided, and its sizes", async () => {
  const { code, stdout, stderr } = await sluice(["inspect", guest("cat")]);
  assert.deepEqual([stderr, code], ["", 0]);
  assert.match(stdout, /^package root:component;\n\nworld root \{\n {2}import wasi:cli\/environment@0\.2\.12;\n/);
  assert.match(stdout, /^\/\/ A command: `sluice run` runs it\.$/m);
  assert.match(stdout, /^\/\/ Sluice provides all that it imports\.$/m);
  assert.match(stdout, /^\/\/ {3}core module 0: \d+ bytes$/m);
  // The whole is WIT.
  assert.doesNotThrow(() => componentOf(stdout));
});

test("what is missing is named", async () => {
  const { stdout } = await sluice(["inspect", guest("missing-import")]);
  assert.match(stdout, /^\/\/ Sluice provides \d+ of its \d+ imports\. To be given in the option `imports`:$/m);
});

test("as JSON, with options behind the component", async () => {
  const { code, stdout } = await sluice(["inspect", guest("multi-export"), "--json"]);
  assert.equal(code, 0);
  const told = JSON.parse(stdout) as Record<string, unknown>;
  assert.equal(told["kind"], "component");
  assert.deepEqual(told["exports"], ["sluice:guests/demo"]);
  assert.deepEqual(told["missing"], []);
  assert.equal(told["isCommand"], false);
  assert.equal(told["isComposed"], false);
});

test("a core module of preview 1", async (t) => {
  const path = join(folder(t), "core.wasm");
  await writeFile(
    path,
    binaryOf(`(module
      (import "wasi_snapshot_preview1" "proc_exit" (func (param i32)))
      (import "env" "\\1b[2J" (global i32))
      (memory (export "memory") 1)
      (func (export "_start")))`),
  );
  const { code, stdout } = await sluice(["inspect", path]);
  assert.equal(code, 0);
  assert.match(stdout, /^A core module of WASI preview 1, and no component: \d+ bytes$/m);
  assert.match(stdout, /^A command: it exports _start\.$/m);
  assert.match(stdout, /^Not provided by Sluice:\n {2}"env#\\u001b\[2J"$/m);
  assert.match(stdout, /^ {2}func "wasi_snapshot_preview1" "proc_exit"$/m);
  assert.match(stdout, /^ {2}global "env" "\\u001b\[2J"$/m);
  assert.match(stdout, /^Exports:\n {2}memory "memory"\n {2}func "_start"$/m);
  const json = JSON.parse((await sluice(["inspect", "--json", path])).stdout) as Record<string, unknown>;
  assert.equal(json["kind"], "core module");
  const refused = await sluice(["types", path]);
  assert.equal(refused.code, 1);
  assert.match(refused.stderr, /Expected a component, got a core module/);
});

test("types are a module of TypeScript", async () => {
  const { code, stdout, stderr } = await sluice(["types", guest("multi-export")]);
  assert.deepEqual([stderr, code], ["", 0]);
  assert.match(stdout, /readonly "sluice:guests\/demo": \{\n {4}add\(a: number, b: number\): Promise<number>;/);
});

test("help", async () => {
  for (const topic of ["types", "inspect"]) {
    const [asked, optional] = await Promise.all([sluice(["help", topic]), sluice([topic, "--help"])]);
    assert.equal(asked.code, 0);
    assert.match(asked.stdout, new RegExp(`^Usage: sluice ${topic} `));
    assert.equal(optional.stdout, asked.stdout);
  }
});

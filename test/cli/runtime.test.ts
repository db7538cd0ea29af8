/** What bin/sluice.js says on a runtime that cannot run us, and our own errors. */
import assert from "node:assert/strict";
import { cpSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { spawn } from "node:child_process";
import { describe, test } from "node:test";
import { BIN, ended, folder, guest, sluice, start, until } from "./support.ts";

const REFUSAL = /^sluice: this is Node \S+, which is too old: install Node 20\.16 or newer, then try again\n$/;
const WITHOUT_SUSPENSION = ["--import", `data:text/javascript,${encodeURIComponent("delete WebAssembly.Suspending")}`];

describe("runtime", { concurrency: 4 }, () => {
  test("an old Node is told what to do, in one line", async () => {
    const node = ["--import", "data:text/javascript,process.getBuiltinModule = undefined"];
    const { code: exitCode, stdout, stderr } = await sluice([guest("hello")], { node });
    assert.match(stderr, REFUSAL);
    assert.deepEqual([exitCode, stdout], [1, ""]);
  });

  test("a Node that cannot suspend WebAssembly runs guests that wait, and says what they carried", async () => {
    const { code, stdout, stderr } = await sluice(["--stats", guest("cat")], {
      node: WITHOUT_SUSPENSION,
      input: "one\n",
    });
    assert.deepEqual([code, stdout], [0, "one\n"]);
    assert.match(stderr, /^stdin +4 /m);
  });

  const ways: readonly [name: string, args: readonly string[], stdout: string][] = [
    ["--plug", ["--plug", guest("virtual-streams"), guest("hello")], "HELLO\n"],
    ["a network", ["-S", "inherit-network", guest("tcp-exchange")], ""],
  ];
  for (const [name, args, output] of ways) {
    test(`a Node that cannot suspend WebAssembly runs guests with ${name}`, async () => {
      const { code, stdout, stderr } = await sluice(args, { node: WITHOUT_SUSPENSION });
      assert.deepEqual([code, stdout, stderr], [0, output, ""]);
    });
  }

  test("a Node that cannot suspend WebAssembly serves", async () => {
    const child = start(["serve", "--addr", "127.0.0.1:0", guest("http-claims")], { node: WITHOUT_SUSPENSION });
    const said = await until(child.stderr, "/\n");
    const [, origin = ""] = /Serving HTTP on (.*)\//.exec(said) ?? [];
    assert.equal(await (await fetch(`${origin}/hello`)).text(), "hello");
    child.kill("SIGTERM");
    assert.equal((await ended(child)).code, 0);
  });

  const oldNode = process.env["SLUICE_TEST_OLD_NODE"];
  test("a real old Node", { skip: oldNode === undefined && "SLUICE_TEST_OLD_NODE names none" }, async () => {
    const { code, stderr } = await ended(spawn(oldNode ?? "", [BIN, "--version"]));
    assert.match(stderr, REFUSAL);
    assert.equal(code, 1);
  });

  test("a WebAssembly without modules of two memories runs guests all the same", async () => {
    const code = "WebAssembly.validate = () => false";
    const node = ["--import", `data:text/javascript,${encodeURIComponent(code)}`];
    const { code: exitCode, stdout } = await sluice([guest("writer"), "100000", "100"], { node });
    assert.deepEqual([exitCode, stdout.length > 0], [0, true]);
  });

  test("a copy that is not built says so", async (t) => {
    const path = folder(t);
    cpSync(dirname(BIN), join(path, "bin"), { recursive: true });
    writeFileSync(join(path, "package.json"), '{ "type": "module" }');
    const { code, stderr } = await ended(spawn(process.execPath, [join(path, "bin", "sluice.js"), "--help"]));
    assert.equal(
      stderr,
      "sluice: this copy of sluice is not built: run `npm run build` in its folder, then try again\n",
    );
    assert.equal(code, 1);
  });

  const bugs: readonly [name: string, code: string, told: RegExp][] = [
    ["throws where we wait for it", 'WebAssembly.promising = () => { throw new Error("seeded"); }', /Error: seeded/],
    ["throws where nobody waits", 'setImmediate(() => { throw new Error("seeded"); })', /Error: seeded/],
    ["rejects where nobody waits", 'setImmediate(() => { Promise.reject(new Error("seeded")); })', /Error: seeded/],
    ["throws while the guest calls", 'process.hrtime.bigint = () => { throw new Error("seeded"); }', /Error: seeded/],
    [
      "never goes on",
      "WebAssembly.promising = () => () => new Promise(() => {})",
      /waits for something that can never come/,
    ],
  ];
  for (const [name, code, told] of bugs) {
    test(`an error of ours that ${name} asks to be reported`, async () => {
      const node = ["--import", `data:text/javascript,${encodeURIComponent(code)}`];
      const { code: exitCode, stderr } = await sluice([guest("clocks-monotonic")], { node });
      assert.match(
        stderr,
        /^sluice: internal error: .* Please report it .*\n {2}sluice \S+, Node v\S+, \w+ \w+\n {2}\w*Error: /,
      );
      assert.match(stderr, told);
      assert.equal(exitCode, 70);
    });
  }
});

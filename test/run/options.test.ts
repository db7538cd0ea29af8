/** Options that make no sense are a TypeError that names them, before anything runs. */
import assert from "node:assert/strict";
import { before, describe, test } from "node:test";
import { CollectSink, run, type CompiledComponent, type Options } from "../../src/index.ts";
import { compiled } from "./support.ts";

const WRONG: readonly (readonly [name: string, ...values: readonly unknown[]])[] = [
  ["imports", null, "x", [], 5],
  ["syncExports", "no", 0, null],
  ["leases", "no", 1],
  ["args", "abc", [1], [undefined], {}, null, ["a\0b"], ["\ud800"]],
  ["env", { A: undefined }, { A: 1 }, [["A", "1"]], "A=1", null, { "": "x" }, { "A=B": "x" }, { A: "\0" }],
  ["cwd", 5, null, "a\0"],
  ["preopens", "/", ["/"], null],
  ["blockingFiles", "no", 0],
  ["blockingStdio", "no", 0],
  ["stdin", 5, null, {}],
  ["stdout", 5, null, "inherited"],
  ["stderr", Symbol("x"), true],
  ["signal", true, {}, new AbortController()],
  ["limits", null, "many", []],
  ["permits", "lenient", true, null],
  ["trace", true, "yes", {}],
  ["monotonicClock", {}, { now: () => 1n }, null],
  ["wallClock", { now: 5, resolution: () => {} }],
  ["random", { fill: "x" }, () => {}],
  ["insecureSeed", [1n], [1, 2], [1n, -1n], 5n],
  ["stdIn", "ignore"],
  ["argv", []],
  ["toString", undefined],
];

describe("options", () => {
  let hello: CompiledComponent;
  before(async () => void (hello = await compiled("hello")));

  for (const [name, ...values] of WRONG) {
    test(`${name} that makes no sense is named`, async () => {
      for (const value of values) {
        const stdout = new CollectSink();
        // Wrong on purpose.
        const options = { ...(name === "stdout" ? {} : { stdout }), [name]: value } as unknown as Options;
        // oxlint-disable-next-line no-await-in-loop -- one after the other
        await assert.rejects(run(hello, options), (error) => {
          assert.ok(error instanceof TypeError, String(error));
          assert.ok(error.message.includes(name), error.message);
          assert.match(error.message, /expected|must be/);
          return true;
        });
        assert.equal(stdout.text(), "", "it has run");
      }
    });
  }

  test("what is no object at all", async () => {
    for (const options of [null, "x", 5, []]) {
      // Wrong on purpose.
      // oxlint-disable-next-line no-await-in-loop -- one after the other
      await assert.rejects(run(hello, options as unknown as Options), /The options must be an object/);
    }
  });

  test("what is undefined counts as left out", async () => {
    const options = Object.fromEntries(WRONG.slice(0, 20).map(([name]) => [name, undefined]));
    assert.equal((await run(hello, options)).exitCode, 0);
  });
});

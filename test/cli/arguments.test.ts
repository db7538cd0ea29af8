/** The command line as options and words: see src/cli/arguments.ts. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { leadingOptions } from "../../src/cli/arguments.ts";
import { commandOf } from "../../src/cli/command.ts";
import { UsageError } from "../../src/cli/usage.ts";

/** What is typed: the options in it with their values, and what follows them. */
const CASES: readonly [typed: string, options: readonly string[], rest: string][] = [
  ["app.wasm --stats -h", [], "app.wasm --stats -h"],
  ["--stats -- --net x", ["--stats"], "--net x"],
  ["--stats - x", ["--stats"], "- x"],
  ["--dir . --dir=a=b x", ["--dir=.", "--dir=a=b"], "x"],
  ["-W timeout=3 x", ["-W=timeout=3"], "x"],
  ["-Wtimeout=3 -S tcp -Sudp x", ["-W=timeout=3", "-S=tcp", "-S=udp"], "x"],
  ["-hV x", ["-h", "-V"], "x"],
  ["-hWtimeout=3 x", ["-h", "-W=timeout=3"], "x"],
  ["-hW timeout=3 x", ["-h", "-W=timeout=3"], "x"],
  ["-W=timeout=3", ["-W==timeout=3"], ""],
];

describe("options up to the first word", () => {
  for (const [typed, options, rest] of CASES) {
    test(typed, () => {
      const read = leadingOptions(typed.split(" "));
      assert.deepEqual(
        read.options.map(({ typed: name, value }) => (value === "" ? name : `${name}=${value}`)),
        options,
      );
      assert.equal(read.rest.join(" "), rest);
      assert.equal(read.terminated, typed.includes(" -- "));
    });
  }

  test("an empty word is a word", () => assert.deepEqual(leadingOptions(["", "x"]).rest, ["", "x"]));

  for (const typed of ["--nope", "--=x", "---", "-x", "-hx", "-=", "--h", "--env", "--env -x", "--stats=", "-o"]) {
    test(`${typed} is refused`, () => {
      assert.throws(() => leadingOptions(typed.split(" ")), UsageError);
    });
  }
});

test("a directory may have any name for the guest", () => {
  const command = commandOf(["--dir", ".::__proto__", "--ro-dir", "x::/1", "app.wasm"], {});
  assert.ok(command.name === "run");
  assert.deepEqual(Object.entries(command.options.preopens), [
    ["__proto__", { directory: ".", readOnly: false }],
    ["/1", { directory: "x", readOnly: true }],
  ]);
});

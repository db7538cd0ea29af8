/** docs/runtimes.md has the table of what is known to fail, and nothing else. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { expectedFailures, judge } from "./expected.ts";

test("the documentation has each known difference", () => {
  const lines = readFileSync(new URL("../../docs/runtimes.md", import.meta.url), "utf8").split("\n");
  const rows = lines
    .filter((line) => line.startsWith("| "))
    .map((line) => line.split("|").map((cell) => cell.trim()))
    .filter(([, runtime = ""]) => /^[A-Z]/.test(runtime))
    .map(([, ...cells]) => cells.slice(0, 3));
  const known = Object.entries(expectedFailures).flatMap(([runtime, failures]) =>
    Object.entries(failures).map(([title, reason]) => [runtime, title, reason]),
  );
  assert.deepEqual(rows, known);
});

test("what is listed must fail, and nothing else may", () => {
  const [runtime = "", failures = {}] = Object.entries(expectedFailures)[0] ?? [];
  const [title = ""] = Object.keys(failures);
  assert.doesNotThrow(() => judge(runtime, title, "something"));
  assert.throws(() => judge(runtime, title, undefined), /passes in/);
  assert.throws(() => judge(runtime, "another", "something"), /^Error: something$/);
  assert.doesNotThrow(() => judge(runtime, "another", undefined));
});

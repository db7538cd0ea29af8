/** docs/browsers.md has the table of what files of a page's origin answer, and nothing else: pages-in-browser.ts plays it. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { opfsRules } from "./opfs-rules.ts";

test("the documentation has each answer of the origin's files", () => {
  const text = readFileSync(new URL("../../docs/browsers.md", import.meta.url), "utf8");
  const [, table = ""] = /\n(\| a guest asks [^\n]*\n(?:\|[^\n]*\n)+)/.exec(text) ?? [];
  const rows = table
    .trimEnd()
    .split("\n")
    .slice(2)
    .map((line) =>
      line
        .split(" | ")
        .map((cell) => cell.replace(/^\| | \|$/g, "").trim())
        .map((cell, column) => (column === 0 ? cell : cell.replaceAll("`", ""))),
    );
  assert.deepEqual(
    rows,
    opfsRules.map(({ asks, inWorker, elsewhere }) => [asks, inWorker, elsewhere]),
  );
});

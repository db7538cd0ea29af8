/** What others chose of what the command says is nothing that a terminal would obey, nor a line that looks like one of ours. */
import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { wat } from "../load/wat.ts";
import { folder, sluice } from "./support.ts";

/** In the text format: a title of the window, a colour by one control, a text that is turned round, and a line. */
const NAME = String.raw`\1b]0;title\07\c2\9b31m\e2\80\aexy\e2\80\a8z`;
const LINE = String.raw`${NAME}\nsluice: a line`;

const COMPONENTS: Readonly<Record<string, string>> = {
  "an import": `(module (import "${LINE}" "${LINE}" (func)))`,
  "an import of preview 1": `(module (import "wasi_snapshot_preview1" "${LINE}" (func)))`,
  "an export": `(module (memory (export "memory") 1) (func (export "${LINE}")))`,
  "a function that traps": `(module (memory (export "memory") 1) (func $"${NAME}" (export "_start") unreachable))`,
  "a core module of a component": `(component (core module (import "${LINE}" "${LINE}" (func))))`,
};

// oxlint-disable-next-line no-control-regex -- that is what it is about
const OBEYED = /[^\P{C}\n\t]|\p{Zl}|\p{Zp}/u;

for (const [what, text] of Object.entries(COMPONENTS)) {
  test(`the name of ${what}`, async (t) => {
    const path = join(folder(t), "app.wasm");
    writeFileSync(path, await wat(text));
    for (const args of [
      ["run"],
      ["inspect"],
      ["inspect", "--json"],
      ["types"],
      ["serve"],
      ["run", "--timeout", "30s"],
    ]) {
      // oxlint-disable-next-line no-await-in-loop -- one after the other
      const { stdout, stderr } = await sluice([...args, path]);
      assert.doesNotMatch(stdout + stderr, OBEYED, args.join(" "));
      assert.doesNotMatch(stdout + stderr, /^sluice: a line/m, args.join(" "));
    }
  });
}

test("a path, a call and an option that are typed", async () => {
  const odd = "\u001b]0;title\u0007\u009b31m";
  for (const args of [
    [`${odd}.wasm`],
    ["--invoke", odd, "none.wasm"],
    [`--${odd}`, "none.wasm"],
    [`--env=${odd}`, odd],
    ["help", odd],
  ]) {
    // oxlint-disable-next-line no-await-in-loop -- one after the other
    const { code, stdout, stderr } = await sluice(args);
    assert.equal(code, 1);
    assert.doesNotMatch(stdout + stderr, OBEYED);
  }
});

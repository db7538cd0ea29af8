/** `--invoke` of a function of a core module. */
import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, test } from "node:test";
import { wat } from "../load/wat.ts";
import { folder, sluice } from "./support.ts";

const MODULE = `
  (module
    (func (export "i") (param i32) (result i32) (local.get 0))
    (func (export "l") (param i64) (result i64) (local.get 0))
    (func (export "d") (param f64) (result f64) (local.get 0))
    (func (export "two") (param i32 i64) (result i64 i32) (local.get 1) (local.get 0))
    (func (export "none"))
    (func (export "takes") (param v128))
    (func (export "gives") (result v128) (v128.const i32x4 0 0 0 0))
    (func (export "refers") (param funcref)))`;

const GIVEN: readonly [call: readonly string[], stdout: string][] = [
  [["i", "-2147483648"], "-2147483648\n"],
  [["i", "4294967295"], "-1\n"],
  [["l", "-9223372036854775808"], "-9223372036854775808\n"],
  [["l", "18446744073709551615"], "-1\n"],
  [["d", "-1.5e3"], "-1500\n"],
  [["two", "1", "2"], "2\n1\n"],
  [["none"], ""],
];

const REFUSED: readonly [call: readonly string[], message: string][] = [
  [["i", "x"], '--invoke i expects a number (i32), got "x"'],
  [["i", "4294967296"], '--invoke i expects a number (i32), got "4294967296"'],
  [["i", "-2147483649"], '--invoke i expects a number (i32), got "-2147483649"'],
  [["l", "18446744073709551616"], '--invoke l expects a number (i64), got "18446744073709551616"'],
  [["two", "1"], "--invoke two expects 2 numbers after the file, got 1"],
  [["takes", "1"], "--invoke takes: this function of the module takes or gives what is no number"],
  [["gives"], "--invoke gives: this function of the module takes or gives what is no number"],
  [["refers", "1"], "--invoke refers: this function of the module takes or gives what is no number"],
  [["absent"], "--invoke: the module exports no function absent"],
];

describe("--invoke of a core module", { concurrency: 4 }, async () => {
  const binary = await wat(MODULE);

  for (const [[name = "", ...words], expected, message] of [
    ...GIVEN.map(([call, stdout]) => [call, [0, stdout], ""] as const),
    ...REFUSED.map(([call, refusal]) => [call, [1, ""], `sluice: ${refusal}\n`] as const),
  ]) {
    test([name, ...words].join(" "), async (t) => {
      const path = join(folder(t), "core.wasm");
      writeFileSync(path, binary);
      const { code, stdout, stderr } = await sluice(["run", "--invoke", name, path, ...words]);
      assert.deepEqual([code, stdout, stderr], [...expected, message]);
    });
  }
});

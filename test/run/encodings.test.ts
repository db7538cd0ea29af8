/** Text from one component to another in one binary, each with an encoding of its own, and back. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { instantiate } from "../../src/index.ts";
import { wat } from "../load/wat.ts";

const ENCODINGS = ["utf8", "utf16", "latin1+utf16"] as const;
type Encoding = (typeof ENCODINGS)[number];

const TEXTS: Readonly<Record<string, string>> = {
  "no characters": "",
  ASCII: "twenty bytes of text",
  latin1: "h\u00e9llo w\u00f6rld \u00ff",
  "a byte order mark first": "\ufefftext",
  "a byte order mark alone": "\ufeff",
  astral: "a \u{1f370} \u{10ffff}\u{10000}",
  "100,000 of ASCII": "x".repeat(100_000),
  "100,000 of latin1": "\u00e9".repeat(100_000),
  "100,000 of all kinds": "a\u00e9\u20ac\u{1f370}".repeat(20_000),
};

/** A memory that only grows, and never gives an address twice. */
const MEMORY = `(core module $mem (memory (export "memory") 64) (global $top (mut i32) (i32.const 1024))
  (func (export "realloc") (param $old i32) (param $size i32) (param i32) (param $new i32) (result i32) (local $at i32)
    (local.set $at (i32.and (i32.add (global.get $top) (i32.const 7)) (i32.const -8)))
    (global.set $top (i32.add (local.get $at) (local.get $new)))
    (memory.copy (local.get $at) (local.get $old)
      (select (local.get $size) (local.get $new) (i32.lt_u (local.get $size) (local.get $new))))
    (local.get $at)))
  (core instance $mem (instantiate $mem))`;

function options(encoding: Encoding): string {
  return `string-encoding=${encoding} (memory (core memory $mem "memory")) (realloc (core func $mem "realloc"))`;
}

/** Its first component gives what it is given; the second passes on what JavaScript gives it. */
function pair(first: Encoding, second: Encoding): string {
  return `(component
    (component $echo ${MEMORY}
      (core module $m (import "m" "memory" (memory 1))
        (func (export "echo") (param i32 i32) (result i32)
          (i32.store (i32.const 16) (local.get 0)) (i32.store (i32.const 20) (local.get 1)) (i32.const 16)))
      (core instance $m (instantiate $m (with "m" (instance $mem))))
      (func (export "echo") (param "text" string) (result string)
        (canon lift (core func $m "echo") ${options(first)})))
    (component $pass (import "echo" (func $echo (param "text" string) (result string))) ${MEMORY}
      (core func $echo (canon lower (func $echo) ${options(second)}))
      (core module $m (import "i" "echo" (func $echo (param i32 i32 i32)))
        (func (export "pass") (param i32 i32) (result i32)
          (call $echo (local.get 0) (local.get 1) (i32.const 16)) (i32.const 16)))
      (core instance $m (instantiate $m (with "i" (instance (export "echo" (func $echo))))))
      (func (export "pass") (param "text" string) (result string)
        (canon lift (core func $m "pass") ${options(second)})))
    (instance $echo (instantiate $echo))
    (instance $pass (instantiate $pass (with "echo" (func $echo "echo"))))
    (export "pass" (func $pass "pass")))`;
}

for (const first of ENCODINGS) {
  for (const second of ENCODINGS) {
    test(`${second} to ${first} and back`, async () => {
      const { exports } = await instantiate(await wat(pair(first, second)));
      // What the component's text says.
      const pass = exports["pass"] as (text: string) => Promise<string>;
      for (const [name, text] of Object.entries(TEXTS)) {
        // oxlint-disable-next-line no-await-in-loop -- one call after the other
        const came = await pass(text);
        assert.ok(came === text, `${name}: ${came.length} units came of ${text.length}`);
      }
    });
  }
}

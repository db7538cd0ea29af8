/** Core modules within components: what they import, export and are lifted as is of the right types, before anything runs. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { UnsupportedComponentError } from "../../src/load/unsupported.ts";
import { InvalidComponentError } from "../../src/load/invalid-component.ts";
import { accepts, refuses } from "./refusals.ts";
import { exported, running } from "./wat.ts";

/** A module with a memory, an allocator and `f`. */
const withF = (f: string): string => `
  (core module $m
    (memory (export "memory") 1)
    (func (export "realloc") (param i32 i32 i32 i32) (result i32) (i32.const 0))
    (func (export "none"))
    (func (export "f") ${f}))
  (core instance $i (instantiate $m))
  (alias core export $i "memory" (core memory $memory))
  (alias core export $i "realloc" (core func $realloc))
  (alias core export $i "none" (core func $none))
  (alias core export $i "f" (core func $f))`;

const instantiated = (needs: string, has: string): string => `
  (core module $a ${has})
  (core module $b ${needs})
  (core instance $a (instantiate $a))
  (core instance (instantiate $b (with "a" (instance $a))))`;

const passed = (expected: string, given: string): string => `
  (core module $m ${given})
  (component $c (import "m" (core module ${expected})))
  (instance (instantiate $c (with "m" (core module $m))))`;

refuses([
  [
    "a lifted function with too many core parameters",
    `${withF("(param i32)")} (func (canon lift (core func $f)))`,
    /lifted has another type than it needs: it is \[i32\] -> \[\], not \[\] -> \[\]/,
  ],
  [
    "a lifted function without its core result",
    `${withF("")} (func (result u32) (canon lift (core func $f)))`,
    /not \[\] -> \[i32\]/,
  ],
  [
    "a lifted function of the wrong number type",
    `${withF("(param i64)")} (func (param "a" f32) (canon lift (core func $f)))`,
    /it is \[i64\] -> \[\], not \[f32\]/,
  ],
  [
    "an allocator of another type",
    `${withF("(param i32 i32)")}
     (func (param "a" string) (canon lift (core func $f) (memory $memory) (realloc $none)))`,
    /realloc has another type/,
  ],
  [
    "a post-return that does not take the result",
    `${withF("(result i32) (i32.const 0)")}
     (func (result u32) (canon lift (core func $f) (post-return $none)))`,
    /post-return has another type/,
  ],
  [
    "a destructor of another type",
    `${withF("(param i32 i32)")} (type (resource (rep i32) (dtor (core func $f))))`,
    /the destructor of a resource type has another type/,
  ],
  [
    "an alias of what a module does not export",
    `${withF("")} (alias core export $i "g" (core func))`,
    /exports no core func "g"/,
  ],
  ["an alias of another sort", `${withF("")} (alias core export $i "memory" (core func))`, /it is a core memory/],
  [
    "an import that is not given",
    instantiated('(import "a" "g" (func))', '(func (export "f"))'),
    /\["a","g"\].*missing/,
  ],
  [
    "an import that is given by a function of another type",
    instantiated('(import "a" "f" (func (param i32)))', '(func (export "f"))'),
    /\["a","f"\].*it is \[\] -> \[\], not \[i32\]/,
  ],
  [
    "a memory that is too small",
    instantiated('(import "a" "m" (memory 2))', '(memory (export "m") 1)'),
    /it has 1 at least, not 2/,
  ],
  [
    "a memory that may become too large",
    instantiated('(import "a" "m" (memory 1 2))', '(memory (export "m") 1)'),
    /it has any number at most, not 2/,
  ],
  [
    "a table of other elements",
    instantiated('(import "a" "t" (table 1 funcref))', '(table (export "t") 1 externref)'),
    /it is of ref null/,
  ],
  [
    "a global that does not change where one that does is expected",
    instantiated('(import "a" "g" (global (mut i32)))', '(global (export "g") i32 (i32.const 0))'),
    /it is constant/,
  ],
  [
    "an argument that nobody gives",
    '(core module $m (import "a" "f" (func))) (core instance (instantiate $m))',
    /missing/,
  ],
  [
    "a module with the same import twice",
    '(core module (import "a" "f" (func)) (import "a" "f" (func)))',
    /the import \["a","f"\] twice/,
  ],
  ["a module that exports less than is expected", passed('(export "f" (func))', ""), /its export "f": it is missing/],
  [
    "a module that imports more than is expected",
    passed("", '(import "a" "f" (func))'),
    /its import "a" "f": it is not expected/,
  ],
  [
    "a module that imports what it is not given",
    passed('(import "a" "f" (func))', '(import "a" "f" (func (param i32)))'),
    /its import "a" "f": it is \[\] -> \[\]/,
  ],
  ["a module type with an export twice", '(core type (module (export "a" (func)) (export "a" (func))))', /"a" twice/],
  ["a module type with a memory that cannot be", '(core type (module (import "a" "m" (memory 65537))))', /pages/],
  [
    "a core type that is no module where a module is imported",
    '(core type $t (func)) (import "m" (core module (type $t)))',
    /no module type/,
  ],
]);

accepts([
  ["an import with more than it needs", instantiated('(import "a" "m" (memory 1))', '(memory (export "m") 2 3)')],
  ["a module with more than is expected", passed('(import "a" "f" (func))', '(func (export "f"))')],
  [
    "a module with types that only the engine understands",
    instantiated(
      '(type $s (struct (field i32))) (import "a" "f" (func (param (ref null $s))))',
      '(type $s (struct (field i32))) (func (export "f") (param (ref null $s)))',
    ),
  ],
  [
    "initial values of globals and tables",
    `(core module $m
       (global (export "a") i64 (i64.add (i64.const 1) (i64.const -2)))
       (global (export "b") f32 (f32.const 1))
       (global (export "c") funcref (ref.func $f))
       (table (export "t") 1 (ref null func) (ref.null func))
       (func $f (export "f")))
     (core instance $i (instantiate $m))
     (alias core export $i "c" (core global))
     (alias core export $i "t" (core table))
     (func (canon lift (core func $i "f")))`,
  ],
  [
    "a module type with an alias of an outer type",
    `(core type $t (func (param i32)))
     (core type $mt (module (alias outer 1 $t (type $u)) (export "f" (func (type $u)))))
     (core module $m (func (export "f") (param i32)))
     (component $c (alias outer 1 $mt (core type $mt)) (import "m" (core module (type $mt))))
     (instance (instantiate $c (with "m" (core module $m))))`,
  ],
]);

const TRAPS = "(core module $t (func $start unreachable) (start $start)) (core instance (instantiate $t))";

/** What each is called, and a component that has it. */
const UNSUPPORTED: Readonly<Record<string, string>> = {
  "a memory of 64 bits": `
    (core module $m (memory (export "m") i64 1) (func (export "f") (param i64 i64)))
    (core instance $i (instantiate $m))
    (func (export "f") (param "a" string)
      (canon lift (core func $i "f") (memory (core memory $i "m")) (realloc (core func $i "f"))))`,
  "the import of a component": `(import "c" (component (import "f" (func))))`,
  "a function of an instance within an import, a b f": `
    (import "a" (instance $a (export "b" (instance (export "f" (func))))))
    (alias export $a "b" (instance $b)) (alias export $b "f" (func $f))
    (core func $f (canon lower (func $f)))
    (core module $m (import "" "f" (func)))
    (core instance (instantiate $m (with "" (instance (export "f" (func $f))))))`,
};

for (const [what, fields] of Object.entries(UNSUPPORTED)) {
  test(`${what} is not supported, which is known before anything runs`, async () => {
    const imports = { a: { b: { f: () => {} } }, c: {} };
    await assert.rejects(running(TRAPS + fields, { imports }), (error) => {
      assert.ok(error instanceof UnsupportedComponentError, String(error));
      assert.ok(error.message.includes(`uses ${what}, which`), error.message);
      return true;
    });
  });
}

test("a module that another component exports is checked before it is used", async () => {
  const provider = await running('(core module $m (func (export "f"))) (export "m" (core module $m))');
  const importing = (type: string): string => `(import "p" (instance (export "m" (core module ${type}))))`;
  const imports = { p: provider.exports };
  await running(importing('(export "f" (func))'), { imports });
  await assert.rejects(running(importing('(export "f" (func (param i32)))'), { imports }), (error) => {
    assert.ok(error instanceof InvalidComponentError);
    assert.match(error.message, /the core module p m is not what is expected: its export "f"/);
    return true;
  });
});

test("a module in an interface of the embedder's is instantiated", async () => {
  const fields = `
    (import "p" (instance $p (export "the-module" (core module (export "f" (func (result i32)))))))
    (alias export $p "the-module" (core module $m))
    (core instance $i (instantiate $m))
    (func (export "f") (result u32) (canon lift (core func $i "f")))`;
  const { exports } = await running(`
    (core module $m (func (export "f") (result i32) (i32.const 7)))
    (export "m" (core module $m))`);
  const instance = await running(fields, { imports: { p: { theModule: exports["m"] } } });
  assert.equal(exported(instance, "f")(), 7);
});

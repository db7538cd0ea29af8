/** Whatever bytes are given: a plan, or an error in words; soon, and never anything else. */
import assert from "node:assert/strict";
import { readdirSync, readFileSync, statSync } from "node:fs";
import { test } from "node:test";
import { instantiate } from "../../src/index.ts";
import { Trap } from "../../src/io/trap.ts";
import { Compiled } from "../../src/load/compiled.ts";
import { decode } from "../../src/load/decode/decode.ts";
import { UnsupportedComponentError } from "../../src/load/unsupported.ts";
import { planOf } from "../../src/load/plan/plan.ts";
import { InvalidComponentError } from "../../src/load/invalid-component.ts";
import { component } from "./wat.ts";

const BUILT = new URL("../guests/built/", import.meta.url);
/** As many bytes, at most, as a guest has whose every truncation is tried. */
const SMALL = 2500;
const MUTATIONS_OF_EACH = 40;

const guests = readdirSync(BUILT)
  .filter((name) => name.endsWith(".wasm"))
  .toSorted()
  .map((name) => ({ name, size: statSync(new URL(name, BUILT)).size }));

function bytesOf(name: string): Uint8Array {
  return Uint8Array.from(readFileSync(new URL(name, BUILT)));
}

/** Whether the bytes are a component that can be planned. Anything but an error in words is thrown. */
function isPlanned(bytes: Uint8Array): boolean {
  try {
    void new Compiled({ plan: planOf(decode(bytes)), modules: [], sizes: [] });
    return true;
  } catch (error) {
    if (!(error instanceof InvalidComponentError) && !(error instanceof UnsupportedComponentError)) throw error;
    assert.ok(error.message.length > 10 && error.message.length < 2500, error.message.slice(0, 80));
    return false;
  }
}

/** Numbers below `bound`, the same each time. */
function seeded(seed: number): (bound: number) => number {
  let state = seed;
  return (bound) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * bound);
  };
}

test("components that are cut off are refused, but where a section ends", () => {
  const small = guests.filter(({ size }) => size < SMALL);
  assert.ok(small.length >= 5);
  for (const { name } of small) {
    const bytes = bytesOf(name);
    assert.ok(isPlanned(bytes), name);
    const whole = Array.from({ length: bytes.length }, (_, end) => end).filter((end) =>
      isPlanned(bytes.subarray(0, end)),
    );
    assert.ok(whole.length < 60, `${name} is whole at ${whole.join(", ")}`);
  }
});

test("components with a byte or two that are wrong are planned or refused", () => {
  const random = seeded(20_261_125);
  let planned = 0;
  const tried = guests.filter(({ size }) => size < 150_000);
  for (const { name } of tried) {
    const original = bytesOf(name);
    for (let count = 0; count < MUTATIONS_OF_EACH; count++) {
      const bytes = Uint8Array.from(original);
      // What a component says of itself is for the most part at the end of it.
      const last = random(2) === 0 ? bytes.length : Math.min(bytes.length, 1500);
      for (let left = 1 + random(2); left > 0; left--) bytes[bytes.length - 1 - random(last)] = random(256);
      if (isPlanned(bytes)) planned++;
    }
  }
  // The others were refused: a test in which everything is would test nothing.
  assert.ok(planned > tried.length && planned < tried.length * MUTATIONS_OF_EACH);
});

function leb(value: number): number[] {
  return value < 0x80 ? [value] : [(value & 0x7f) | 0x80, ...leb(value >>> 7)];
}

const HEADER = [0x00, 0x61, 0x73, 0x6d, 0x0d, 0x00, 0x01, 0x00];

function section(id: number, content: readonly number[]): number[] {
  return [id, ...leb(content.length), ...content];
}

/** A component of one section. */
function single(id: number, content: readonly number[]): Uint8Array {
  return Uint8Array.from([...HEADER, ...section(id, content)]);
}

function named(name: string): number[] {
  const bytes = [...new TextEncoder().encode(name)];
  // An import of a type, any resource.
  return [1, 0, ...leb(bytes.length), ...bytes, 3, 1];
}

test("names that are hostile are refused, however long", () => {
  const long = 100_000;
  const names = [
    "",
    "-",
    "a-",
    "a--b",
    "a_b",
    "a b",
    "é",
    "\u0000",
    "a\nb",
    'a"b',
    "a`${b}`",
    "__proto__",
    "[method]a",
    "[method]a.b.c",
    "[other]a",
    "[constructor]",
    "a:b",
    "a:b/c@",
    "a:b/c@1.2.3\n",
    `${"a-".repeat(long)}A-`,
    `${"a".repeat(long)}!`,
    `${"0".repeat(long)}a`,
    `a:b/c@1.2.3-${"0".repeat(long)}`,
    `a:b/c@1.2.3-${"a.".repeat(long)}`,
    `[method]${"a".repeat(long)}`,
  ];
  for (const name of names) assert.equal(isPlanned(single(10, named(name))), false, name.slice(0, 40));
  for (const name of ["a", "constructor", "prototype", "a-".repeat(long / 2 - 1) + "b", "A1-b2:c".slice(0, 5)]) {
    assert.ok(isPlanned(single(10, named(name))), name.slice(0, 40));
  }
  assert.equal(isPlanned(single(10, [1, 0, 2, 0xff, 0xfe, 3, 1])), false);
});

test("numbers of things that are not there are refused before there is room for them", () => {
  const many = leb(0xffff_ffff);
  for (const id of [2, 3, 5, 6, 7, 8, 10, 11]) assert.equal(isPlanned(single(id, many)), false);
  // A record, a tuple, flags, a function, an instance type.
  for (const code of [0x72, 0x71, 0x6f, 0x6e, 0x6d, 0x40, 0x41, 0x42]) {
    assert.equal(isPlanned(single(7, [1, code, ...many])), false);
  }
  // Of a core module type; a core function; a group of core types.
  for (const code of [0x50, 0x60, 0x4e]) assert.equal(isPlanned(single(3, [1, code, ...many])), false);
});

/** A core module with what is in these sections. */
function core(...sections: readonly (readonly number[])[]): number[] {
  return [0x00, 0x61, 0x73, 0x6d, 1, 0, 0, 0, ...sections.flat()];
}

/** So many names, each with its length before it. */
function numbers(count: number): number[][] {
  return Array.from({ length: count }, (_, index) => {
    const bytes = new TextEncoder().encode(String(index));
    return [bytes.length, ...bytes];
  });
}

/** A component in which a core module is instantiated so many times. */
function instances(count: number, module: readonly number[]): Uint8Array {
  const made = section(2, [...leb(count), ...Array.from({ length: count }, () => [0, 0, 0]).flat()]);
  return Uint8Array.from([...HEADER, ...section(1, module), ...made]);
}

/** What is small in a binary, and large in the heap: each with how many of it there may be, and how many not. */
const HEAPS: Readonly<Record<string, readonly [fits: number, tooMany: number, of: (count: number) => Uint8Array]>> = {
  "types of functions": [
    200_000,
    250_001,
    (count) => single(7, [...leb(count), ...Array.from({ length: count }, () => [0x40, 0, 1, 0]).flat()]),
  ],
  "core modules": [
    5000,
    10_001,
    (count) => Uint8Array.from([...HEADER, ...Array.from({ length: count }, () => section(1, core())).flat()]),
  ],
  "sections that are components": [
    200_000,
    250_001,
    (count) => Uint8Array.from([...HEADER, ...Array.from({ length: count }, () => section(4, HEADER)).flat()]),
  ],
  "core instances": [1000, 1001, (count) => instances(count, core())],
  "imports of a core module": [
    100_000,
    100_001,
    (count) => {
      const all = numbers(count).map((name) => [1, 97, ...name, 0, 0]);
      return single(1, core(section(1, [1, 0x60, 0, 0]), section(2, [...leb(count), ...all.flat()])));
    },
  ],
  "exports of a core module": [
    100_000,
    100_001,
    (count) => {
      const all = numbers(count).map((name) => [...name, 0, 0]);
      const one = [section(1, [1, 0x60, 0, 0]), section(3, [1, 0])];
      return single(1, core(...one, section(7, [...leb(count), ...all.flat()]), section(10, [1, 2, 0, 0x0b])));
    },
  ],
  "memories of 4 GiB": [31, 33, (count) => instances(count, core(section(5, [1, 0, ...leb(65_536)])))],
  "tables of 100,000": [20, 21, (count) => instances(count, core(section(4, [1, 0x70, 0, ...leb(100_000)])))],
  "tables that are filled": [
    20,
    21,
    (count) => instances(count, core(section(4, [1, 0x40, 0, 0x70, 0, ...leb(100_000), 0xd0, 0x70, 0x0b]))),
  ],
  "instances of a module of 1 MiB": [
    256,
    258,
    (count) => instances(count, core(section(0, [1, 97, ...Array.from({ length: 1024 * 1024 }, () => 0)]))),
  ],
  "characters of a name": [
    100_000,
    100_001,
    (count) => single(10, [1, 0, ...leb(count), ...Array.from({ length: count }, () => 97), 3, 1]),
  ],
};

for (const [what, [fits, tooMany, of]] of Object.entries(HEAPS)) {
  test(`what is small in a binary and large in the heap is bounded: ${what}`, () => {
    assert.equal(isPlanned(of(fits)), true);
    assert.equal(isPlanned(of(tooMany)), false);
  });
}

test("what is nested without an end is refused", () => {
  let inner: number[] = [...HEADER];
  for (let depth = 0; depth < 300; depth++) inner = [...HEADER, ...section(4, inner)];
  assert.equal(isPlanned(Uint8Array.from(inner)), false);
  const types = Array.from({ length: 20_000 }, () => [0x42, 0x01, 0x01]).flat();
  assert.equal(isPlanned(single(7, [1, ...types, 0x42, 0x00])), false);
});

/** `count` times, with the number of what was before. */
function times(count: number, text: (before: number) => string): string {
  return Array.from({ length: count }, (_, index) => text(index)).join("\n");
}

const FUNCTION = `(core module $m (func (export "f"))) (core instance $i (instantiate $m))
  (alias core export $i "f" (core func)) (type (func))`;

const BOMBS: Readonly<Record<string, string>> = {
  "2 ** 40 component instances": `(component)
    ${times(40, (at) => `(component (alias outer 1 ${at} (component $x)) (instance (instantiate $x)) (instance (instantiate $x)))`)}
    (instance (instantiate 40))`,
  "300 core instances in 300 instances": `(component $c (core module $m) ${"(core instance (instantiate $m))".repeat(300)})
    ${"(instance (instantiate $c))".repeat(300)}`,
  "components that instantiate each other": `(component)
    ${times(3000, (at) => `(component (alias outer 1 ${at} (component $x)) (instance (instantiate $x)))`)}
    (instance (instantiate 3000))`,
  "a tuple of 2 ** 40 numbers": `(type (tuple u8 u8)) ${times(40, (at) => `(type (tuple ${at} ${at}))`)}`,
  "a type in 200 others": `(type (list u8)) ${times(200, (at) => `(type (list ${at}))`)}`,
  "an instance type of 2 ** 40": `(type (instance))
    ${times(40, (at) => `(type (instance (alias outer 1 ${at} (type $t)) (export "a" (instance (type $t))) (export "b" (instance (type $t)))))`)}
    (import "i" (instance (type 40)))`,
  "instance types in each other": `(type (instance))
    ${times(5000, (at) => `(type (instance (alias outer 1 ${at} (type $t)) (export "a" (instance (type $t)))))`)}
    (import "i" (instance (type 5000)))`,
  "an instance of 2 ** 40": `(instance)
    ${times(40, (at) => `(instance (export "a" (instance ${at})) (export "b" (instance ${at})))`)}
    (export "i" (instance 40))`,
  "instances in each other": `(instance) ${times(5000, (at) => `(instance (export "a" (instance ${at})))`)}
    (export "i" (instance 5000))`,
  "a function that is lifted and lowered 5000 times": `${FUNCTION}
    ${times(5000, (at) => `(canon lift (core func ${at}) (func (type 0))) (canon lower (func ${at}) (core func))`)}`,
  "a record of 9000 fields in 2 ** 12 instances": `
    (component (type (record ${times(9000, (at) => `(field "a${at}" u8)`)})))
    ${times(12, (at) => `(component (alias outer 1 ${at} (component $x)) (instance (instantiate $x)) (instance (instantiate $x)))`)}
    (instance (instantiate 12))`,
  "a core instance of 3000 exports, given 3000 times": `${FUNCTION}
    (core instance $b ${times(3000, (at) => `(export "a${at}" (func $i "f"))`)})
    (core module $n)
    ${'(core instance (instantiate $n (with "x" (instance $b))))'.repeat(3000)}`,
  "a difference that takes 2 ** 40 words to say": `(type (list u8))
    ${times(40, (at) => `(type (tuple ${2 * at} ${2 * at})) (type (list ${2 * at + 1}))`)}
    (type $f (func (param "a" 80)))
    (import "f" (func $f (type $f)))
    (component $c (import "f" (func (param "a" string))))
    (instance (instantiate $c (with "f" (func $f))))`,
};

for (const [name, fields] of Object.entries(BOMBS)) {
  test(`refuses ${name}`, { timeout: 300_000 }, async () => {
    assert.equal(isPlanned(await component(fields)), false);
  });
}

test("a tuple of 2 ** 26 numbers is as much work as what says it", async () => {
  // Whatever would be made for each of them would not fit.
  const { exports } = await instantiate(
    await component(`(type (tuple u8 u8)) ${times(25, (at) => `(type (tuple ${at} ${at}))`)}
      (core module $m (memory (export "memory") 1) (func (export "f") (param i32))
        (func (export "realloc") (param i32 i32 i32 i32) (result i32) (i32.const 0)))
      (core instance $m (instantiate $m))
      (func (export "f") (param "x" 25)
        (canon lift (core func $m "f") (memory (core memory $m "memory")) (realloc (core func $m "realloc"))))`),
  );
  await assert.rejects(
    // What the text says.
    (exports as { f(x: unknown): Promise<void> }).f([1, 2]),
    (error) => error instanceof Trap && error.rule === "1.1",
  );
});

test("types that are shared are no work for each of their uses", async () => {
  const fields = `(type (list u8))
    ${times(45, (at) => `(type (tuple ${2 * at} ${2 * at})) (type (list ${2 * at + 1}))`)}
    (type $f (func (param "a" 90)))
    (import "f" (func $f (type $f)))
    (component $c (type (list u8))
      ${times(45, (at) => `(type (tuple ${2 * at} ${2 * at})) (type (list ${2 * at + 1}))`)}
      (type $f (func (param "a" 90)))
      (import "f" (func (type $f))))
    (instance (instantiate $c (with "f" (func $f))))`;
  assert.ok(isPlanned(await component(fields)));
});

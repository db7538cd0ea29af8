/** Small components for single measurements, as text: made when they are needed, by the tools that come with jco. */
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { CACHE, once } from "./peer.ts";

/** The first 32 KiB, with something in them: pages that nobody has written to are all the same one. */
const FILL = "(memory.fill (i32.const 0) (i32.const 1) (i32.const 32768))";

/** Memory, of which every allocation gets the same half: whoever needs it has used it before the next. */
const MEMORY = `
  (core module $mem
    (memory (export "memory") 4)
    (data (i32.const 65536) "twenty bytes of text")
    (func $fill ${FILL})
    (start $fill)
    (func (export "realloc") (param i32 i32 i32 i32) (result i32) (i32.const 131072)))
  (core instance $mem (instantiate $mem))
  (alias core export $mem "memory" (core memory $memory))
  (alias core export $mem "realloc" (core func $realloc))`;

const OPTIONS = "(memory $memory) (realloc (core func $realloc))";

/** A core module whose \`loop-NAME\` calls NAME as often as it is told. */
function loops(functions: Readonly<Record<string, readonly [type: string, args: string]>>): string {
  const all = Object.entries(functions);
  return `(module
    ${all.map(([name, [type]]) => `(import "" "${name}" (func $${name} ${type} (result i32)))`).join("\n")}
    ${all
      .map(
        ([name, [, args]]) => `(func (export "loop-${name}") (param i32)
          (loop
            (drop (call $${name} ${args}))
            (br_if 0 (local.tee 0 (i32.sub (local.get 0) (i32.const 1))))))`,
      )
      .join("\n")})`;
}

const TWO = "(param i32 i32)";
const CALLS = {
  add: [TWO, "(local.get 0) (i32.const 1)"],
  text: [TWO, "(i32.const 65536) (i32.const 20)"],
  bytes: [TWO, "(i32.const 0) (i32.const 32768)"],
} as const;

/** A core module, as the definition of one in a component. */
function defined(module: string, id: string): string {
  return module.replace("(module", `(core module ${id}`);
}

const TYPES = {
  add: '(param "a" u32) (param "b" u32) (result u32)',
  text: '(param "text" string) (result u32)',
  bytes: '(param "bytes" (list u8)) (result u32)',
} as const;

type Name = keyof typeof TYPES;
const NAMES = ["add", "text", "bytes"] as const satisfies readonly Name[];

function each(text: (name: Name) => string): string {
  return NAMES.map(text).join("\n");
}

const TEXTS = {
  /** Gives back what it is given. */
  echo: `(component
    ${MEMORY}
    (core module $m
      (import "" "memory" (memory 4))
      (func (export "echo") (param i32 i32) (result i32)
        (i32.store (i32.const 16) (local.get 0))
        (i32.store (i32.const 20) (local.get 1))
        (i32.const 16)))
    (core instance $m (instantiate $m (with "" (instance $mem))))
    (func (export "text") (param "text" string) (result string) (canon lift (core func $m "echo") ${OPTIONS}))
    (func (export "bytes") (param "bytes" (list u8)) (result (list u8)) (canon lift (core func $m "echo") ${OPTIONS})))`,

  /** Two components, one of which calls the other in loops. */
  pair: `(component
    (component $callee
      ${MEMORY}
      (core module $m
        (func (export "add") (param i32 i32) (result i32) (i32.add (local.get 0) (local.get 1)))
        (func (export "length") (param i32 i32) (result i32) (local.get 1)))
      (core instance $m (instantiate $m))
      (func (export "add") ${TYPES.add} (canon lift (core func $m "add")))
      (func (export "text") ${TYPES.text} (canon lift (core func $m "length") ${OPTIONS}))
      (func (export "bytes") ${TYPES.bytes} (canon lift (core func $m "length") ${OPTIONS})))
    (component $caller
      ${each((name) => `(import "${name}" (func $${name} ${TYPES[name]}))`)}
      ${MEMORY}
      ${each((name) => `(core func $${name} (canon lower (func $${name}) (memory $memory)))`)}
      ${defined(loops(CALLS), "$m")}
      (core instance $m (instantiate $m (with "" (instance
        ${each((name) => `(export "${name}" (func $${name}))`)}))))
      ${each((name) => `(func (export "loop-${name}") (param "count" u32) (canon lift (core func $m "loop-${name}")))`)})
    (instance $callee (instantiate $callee))
    (instance $caller (instantiate $caller
      ${each((name) => `(with "${name}" (func $callee "${name}"))`)}))
    ${each((name) => `(export "loop-${name}" (func $caller "loop-${name}"))`)})`,

  /** A core module that calls what it imports in a loop. */
  caller: loops({ add: CALLS.add }),

  /** And one that may be called so. */
  callee: `(module (func (export "add") (param i32 i32) (result i32) (i32.add (local.get 0) (local.get 1))))`,

  /** A core module that copies 32 KiB from one memory to another, as often as it is told. */
  copier: `(module
    (memory $from 4)
    (memory $to 4)
    (func $fill ${FILL})
    (start $fill)
    (func (export "loop") (param i32)
      (loop
        (memory.copy $to $from (i32.const 131072) (i32.const 0) (i32.const 32768))
        (br_if 0 (local.tee 0 (i32.sub (local.get 0) (i32.const 1)))))))`,

  /**
   * Calls of an asynchronous import: `async-loop` and `sync-loop` make so many, one after the other, `wait-loop` at once;
   * and two exports that return what they are given.
   */
  async: `(component
    (import "f" (func $f async (param "x" u32) (result u32)))
    (core module $libc (memory (export "memory") 16))
    (core instance $libc (instantiate $libc))
    (alias core export $libc "memory" (core memory $memory))
    (core func $async (canon lower (func $f) async (memory $memory)))
    (core func $sync (canon lower (func $f)))
    (core func $set-new (canon waitable-set.new))
    (core func $set-wait (canon waitable-set.wait (memory $memory)))
    (core func $set-drop (canon waitable-set.drop))
    (core func $join (canon waitable.join))
    (core func $drop (canon subtask.drop))
    (core module $m
      (import "" "async" (func $async (param i32 i32) (result i32)))
      (import "" "sync" (func $sync (param i32) (result i32)))
      (import "" "set-new" (func $set-new (result i32)))
      (import "" "set-wait" (func $set-wait (param i32 i32) (result i32)))
      (import "" "set-drop" (func $set-drop (param i32)))
      (import "" "join" (func $join (param i32 i32)))
      (import "" "drop" (func $drop (param i32)))
      (import "" "memory" (memory 16))
      (func (export "async-loop") (param $left i32)
        (loop $next
          (if (i32.ne (call $async (i32.const 1) (i32.const 0)) (i32.const 2)) (then unreachable))
          (br_if $next (local.tee $left (i32.sub (local.get $left) (i32.const 1))))))
      (func (export "sync-loop") (param $left i32)
        (loop $next
          (drop (call $sync (i32.const 1)))
          (br_if $next (local.tee $left (i32.sub (local.get $left) (i32.const 1))))))
      (func (export "wait-loop") (param $count i32)
        (local $set i32) (local $left i32)
        (local.set $set (call $set-new))
        (local.set $left (local.get $count))
        (loop $next
          (call $join (i32.shr_u (call $async (i32.const 1) (i32.const 0)) (i32.const 4)) (local.get $set))
          (br_if $next (local.tee $left (i32.sub (local.get $left) (i32.const 1)))))
        (loop $wait
          (drop (call $set-wait (local.get $set) (i32.const 8)))
          (if (i32.eq (i32.load (i32.const 12)) (i32.const 2)) (then
            (call $drop (i32.load (i32.const 8)))
            (local.set $count (i32.sub (local.get $count) (i32.const 1)))))
          (br_if $wait (local.get $count)))
        (call $set-drop (local.get $set)))
      (func (export "one") (param i32) (result i32) (local.get 0)))
    (core instance $m (instantiate $m (with "" (instance
      (export "memory" (memory $memory)) (export "async" (func $async)) (export "sync" (func $sync))
      (export "set-new" (func $set-new)) (export "set-wait" (func $set-wait)) (export "set-drop" (func $set-drop))
      (export "join" (func $join)) (export "drop" (func $drop))))))
    ${["async-loop", "sync-loop", "wait-loop"]
      .map((name) => `(func (export "${name}") async (param "n" u32) (canon lift (core func $m "${name}")))`)
      .join("\n")}
    (func (export "async-one") async (param "x" u32) (result u32) (canon lift (core func $m "one")))
    (func (export "sync-one") (param "x" u32) (result u32) (canon lift (core func $m "one"))))`,
} as const;

/** The path of the binary of one of them. */
export function componentPath(name: keyof typeof TEXTS): Promise<string> {
  return once(`component ${name}`, async () => {
    const { $init, tools } = await import("../node_modules/@bytecodealliance/jco-transpile/vendor/wasm-tools.js");
    await $init;
    const path = join(CACHE, `${name}.wasm`);
    await mkdir(CACHE, { recursive: true });
    await writeFile(path, tools.parse(TEXTS[name]));
    return path;
  });
}

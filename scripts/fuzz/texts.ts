/** Small components that have every kind of definition between them, as text. */

/** A core module with a memory, an allocator that never frees, and functions of common signatures. */
const LIBC = `
  (core module $libc
    (memory (export "memory") 1)
    (global $next (mut i32) (i32.const 1024))
    (func (export "realloc") (param i32 i32 i32 i32) (result i32)
      (local i32)
      (local.set 4 (i32.and
        (i32.add (global.get $next) (i32.sub (local.get 2) (i32.const 1)))
        (i32.sub (i32.const 0) (local.get 2))))
      (global.set $next (i32.add (local.get 4) (local.get 3)))
      (local.get 4))
    (func (export "zero") (result i32) (i32.const 0))
    (func (export "one") (param i32) (result i32) (local.get 0))
    (func (export "two") (param i32 i32) (result i32)
      (i32.store (i32.const 16) (local.get 0)) (i32.store (i32.const 20) (local.get 1)) (i32.const 16))
    (func (export "three") (param i32 i32 i32) (result i32) (i32.const 16))
    (func (export "long") (param i64) (result i64) (local.get 0))
    (func (export "float") (param f32) (result f32) (local.get 0))
    (func (export "double") (param f64) (result f64) (local.get 0))
    (func (export "drop") (param i32))
    (func (export "nothing"))
    (func (export "trap") unreachable))
  (core instance $libc (instantiate $libc))`;

const OPTIONS = '(memory (core memory $libc "memory")) (realloc (core func $libc "realloc"))';

function lifted(name: string, type: string, core: string, options = ""): string {
  return `(func (export "${name}") ${type} (canon lift (core func $libc "${core}") ${options}))`;
}

const SCALARS = ["bool", "s8", "u8", "s16", "u16", "s32", "u32", "char"].map((type) =>
  lifted(`f-${type}`, `(param "x" ${type}) (result ${type})`, "one"),
);

const NUMBERS = [
  lifted("f-u64", '(param "x" u64) (result u64)', "long"),
  lifted("f-s64", '(param "x" s64) (result s64)', "long"),
  lifted("f-f32", '(param "x" f32) (result f32)', "float"),
  lifted("f-f64", '(param "x" f64) (result f64)', "double"),
];

const STRINGS = ["utf8", "utf16", "latin1+utf16"].map((encoding, index) =>
  lifted(`text${index}`, '(param "x" string) (result string)', "two", `string-encoding=${encoding} ${OPTIONS}`),
);

const COMPOUND: readonly (readonly [name: string, type: string])[] = [
  ["r", '(record (field "a" u8) (field "b-c" u8))'],
  ["v", '(variant (case "a") (case "b" u32) (case "c" f32))'],
  ["e", '(enum "a" "b" "constructor")'],
  ["f", '(flags "a" "b" "to-string")'],
  ["o", "(option u32)"],
  ["oo", "(option (option u8))"],
  ["res", "(result u32 (error u8))"],
  ["t", "(tuple u32 u32)"],
  ["l", "(list u16)"],
  ["ll", "(list (list u8))"],
  ["fx", "(list u8 2)"],
  ["m", "(map u8 u8)"],
];

const FLAT: Readonly<Record<string, string>> = { e: "one", f: "one", oo: "three" };

const TYPES = COMPOUND.map(
  ([name, type]) =>
    `(type $${name}' ${type}) (export $${name} "t-${name}" (type $${name}'))
     ${lifted(`f-${name}`, `(param "x" $${name}) ${name === "e" || name === "f" ? `(result $${name})` : "(result u32)"}`, FLAT[name] ?? "two", OPTIONS)}`,
);

const WIDE = `
  (type $big (tuple ${"u8 ".repeat(17)}))
  ${lifted("wide", '(param "x" $big) (result $big)', "one", OPTIONS)}`;

const RESOURCE = `
  (type $r' (resource (rep i32) (dtor (core func $libc "drop"))))
  (export $r "counter" (type $r'))
  (core func $new (canon resource.new $r'))
  (core func $rep (canon resource.rep $r'))
  (core func $drop (canon resource.drop $r'))
  (core module $m
    (import "" "new" (func $new (param i32) (result i32)))
    (import "" "rep" (func $rep (param i32) (result i32)))
    (import "" "drop" (func $drop (param i32)))
    (func (export "make") (param i32) (result i32) (call $new (local.get 0)))
    (func (export "take") (param i32) (result i32) (local i32)
      (local.set 1 (call $rep (local.get 0))) (call $drop (local.get 0)) (local.get 1)))
  (core instance $i (instantiate $m (with "" (instance
    (export "new" (func $new)) (export "rep" (func $rep)) (export "drop" (func $drop))))))
  (func (export "[constructor]counter") (param "x" u32) (result (own $r)) (canon lift (core func $i "make")))
  (func (export "[method]counter.get") (param "self" (borrow $r)) (result u32) (canon lift (core func $libc "one")))
  (func (export "[static]counter.make") (param "x" u32) (result (own $r)) (canon lift (core func $i "make")))
  (func (export "take") (param "x" (own $r)) (result u32) (canon lift (core func $i "take")))`;

const FUSED = `
  (component $a ${LIBC}
    ${lifted("f", '(param "x" string) (result string)', "two", `string-encoding=utf16 ${OPTIONS}`)}
    ${lifted("g", '(param "x" (list u32)) (result u32)', "two", OPTIONS)})
  (instance $a (instantiate $a))
  (component $b
    (import "a" (instance $a
      (export "f" (func (param "x" string) (result string)))
      (export "g" (func (param "x" (list u32)) (result u32)))))
    ${LIBC}
    (core func $f (canon lower (func $a "f") ${OPTIONS}))
    (core func $g (canon lower (func $a "g") (memory (core memory $libc "memory"))))
    (core module $m
      (import "" "f" (func $f (param i32 i32 i32)))
      (import "" "g" (func $g (param i32 i32) (result i32)))
      (func (export "f") (param i32 i32) (result i32) (call $f (local.get 0) (local.get 1) (i32.const 32)) (i32.const 32))
      (func (export "g") (param i32 i32) (result i32) (call $g (local.get 0) (local.get 1))))
    (core instance $i (instantiate $m (with "" (instance (export "f" (func $f)) (export "g" (func $g))))))
    (func (export "f") (param "x" string) (result string) (canon lift (core func $i "f") ${OPTIONS}))
    (func (export "g") (param "x" (list u32)) (result u32) (canon lift (core func $i "g") ${OPTIONS})))
  (instance $b (instantiate $b (with "a" (instance $a))))
  (export "f" (func $b "f"))
  (export "both" (instance $b))`;

const PASSED = `
  (component $a ${LIBC} ${RESOURCE})
  (instance $a (instantiate $a))
  (alias export $a "counter" (type $c))
  (component $b
    (import "a" (instance $a
      (export "counter" (type $c (sub resource)))
      (export "[constructor]counter" (func (param "x" u32) (result (own $c))))
      (export "[method]counter.get" (func (param "self" (borrow $c)) (result u32)))))
    (core func $new (canon lower (func $a "[constructor]counter")))
    (core func $get (canon lower (func $a "[method]counter.get")))
    (alias export $a "counter" (type $c))
    (core func $drop (canon resource.drop $c))
    (core module $m
      (import "" "new" (func $new (param i32) (result i32)))
      (import "" "get" (func $get (param i32) (result i32)))
      (import "" "drop" (func $drop (param i32)))
      (func (export "f") (param i32) (result i32) (local i32 i32)
        (local.set 1 (call $new (local.get 0)))
        (local.set 2 (call $get (local.get 1)))
        (call $drop (local.get 1))
        (local.get 2)))
    (core instance $i (instantiate $m (with "" (instance
      (export "new" (func $new)) (export "get" (func $get)) (export "drop" (func $drop))))))
    (func (export "f") (param "x" u32) (result u32) (canon lift (core func $i "f"))))
  (instance $b (instantiate $b (with "a" (instance $a))))
  (export "f" (func $b "f"))
  (export "i" (instance $a))`;

const IMPORTS = `
  (import "f" (func $f (param "x" u32) (result u32)))
  (import "log" (func $log (param "x" string)))
  (import "a:b/c@1.2.3" (instance $c
    (export "res" (type $res (sub resource)))
    (type $r' (record (field "a" u8) (field "b" string)))
    (export "r" (type $r (eq $r')))
    (export "[constructor]res" (func (param "x" u32) (result (own $res))))
    (export "[method]res.get" (func (param "self" (borrow $res)) (result $r)))
    (export "to-string" (func (result string)))
    (export "g" (func (param "x" (option u8)) (result (result (list u8) (error string)))))))
  ${LIBC}
  (alias export $c "res" (type $res))
  (core func $f (canon lower (func $f)))
  (core func $log (canon lower (func $log) (memory (core memory $libc "memory")) string-encoding=latin1+utf16))
  (core func $new (canon lower (func $c "[constructor]res")))
  (core func $get (canon lower (func $c "[method]res.get") ${OPTIONS}))
  (core func $g (canon lower (func $c "g") ${OPTIONS}))
  (core func $text (canon lower (func $c "to-string") ${OPTIONS}))
  (core func $drop (canon resource.drop $res))
  (core module $m
    (import "" "f" (func $f (param i32) (result i32)))
    (import "" "log" (func $log (param i32 i32)))
    (import "" "new" (func $new (param i32) (result i32)))
    (import "" "get" (func $get (param i32 i32)))
    (import "" "g" (func $g (param i32 i32 i32)))
    (import "" "text" (func $text (param i32)))
    (import "" "drop" (func $drop (param i32)))
    (func (export "run") (param i32) (result i32) (local i32)
      (call $log (i32.const 0) (i32.const 4))
      (local.set 1 (call $new (local.get 0)))
      (call $get (local.get 1) (i32.const 32))
      (call $drop (local.get 1))
      (call $g (i32.const 1) (i32.const 2) (i32.const 64))
      (call $text (i32.const 128))
      (call $f (local.get 0))))
  (core instance $i (instantiate $m (with "" (instance
    (export "f" (func $f)) (export "log" (func $log)) (export "new" (func $new)) (export "get" (func $get))
    (export "g" (func $g)) (export "text" (func $text)) (export "drop" (func $drop))))))
  (func (export "run") (param "x" u32) (result u32) (canon lift (core func $i "run")))
  (export "g" (func $f))`;

const TYPES_OF_ALL = `
  (core type $ct (func (param i32 i64 f32 f64) (result i32)))
  (core type $mt (module
    (type (func)) (import "a" "b" (func (type 0))) (import "a" "m" (memory 1 2)) (import "a" "t" (table 1 funcref))
    (import "a" "g" (global (mut i32))) (export "c" (func (type 0))) (export "m" (memory 1))))
  (type $it (instance
    (export "r" (type $r (sub resource)))
    (export "f" (func (param "self" (borrow $r)) (result (own $r))))
    (type $inner (instance (export "g" (func))))
    (export "i" (instance (type $inner)))
    (alias outer 1 $ct (core type $ct2))))
  (type $cti (component
    (import "x" (func (param "a" u8)))
    (import "y" (type (sub resource)))
    (export "z" (instance (type $it2 (instance)) (export "i" (instance (type $it2)))))
    (export "w" (core module))))
  (import "i" (instance $i (type $it)))
  (import "k" (instance $k (type $it)))
  (alias export $i "r" (type $ir))
  (type $l (list (own $ir)))
  (export "l" (type $l))
  (export "i2" (instance $i))`;

const NESTED = `
  (type $t (record (field "a" u32)))
  (core module $shared (func (export "f") (result i32) (i32.const 7)))
  (component $outer
    (alias outer 1 $t (type $t1))
    (alias outer 1 $shared (core module $m))
    (component $inner
      (import "m" (core module $m (export "f" (func (result i32)))))
      (core instance $i (instantiate $m))
      (alias core export $i "f" (core func $f))
      (func $f (result u32) (canon lift (core func $f)))
      (export "f" (func $f))
      (export "g" (func $f)))
    (instance $a (instantiate $inner (with "m" (core module $m))))
    (instance $bag (export "x" (func $a "f")) (export "t" (type $t1)))
    (export "bag" (instance $bag))
    (export "c" (component $inner)))
  (instance $o (instantiate $outer))
  (alias export $o "bag" (instance $bag))
  (export "x" (func $bag "x"))
  (export "bag" (instance $bag))
  (export "m" (core module $shared))
  (component $given
    (import "c" (component $c (import "m" (core module $m (export "f" (func (result i32))))) (export "f" (func (result u32)))))
    (import "m" (core module $m (export "f" (func (result i32)))))
    (instance $i (instantiate $c (with "m" (core module $m))))
    (export "f" (func $i "f")))
  (instance $g (instantiate $given (with "c" (component $o "c")) (with "m" (core module $shared))))
  (export "f" (func $g "f"))`;

const WASI = `
  (import "wasi:io/streams@0.2.0" (instance $s
    (export "output-stream" (type $o (sub resource)))
    (export "[method]output-stream.check-write" (func (param "self" (borrow $o)) (result u64)))))
  (import "wasi:random/random@0.2.3" (instance $r (export "get-random-u64" (func (result u64)))))
  (import "wasi:cli/environment@0.2.0" (instance $e (export "get-arguments" (func (result (list string))))))
  ${LIBC}
  (core func $r (canon lower (func $r "get-random-u64")))
  (core func $e (canon lower (func $e "get-arguments") ${OPTIONS}))
  (core module $m (import "" "r" (func $r (result i64))) (import "" "e" (func $e (param i32)))
    (func (export "run") (result i64) (call $e (i32.const 8)) (call $r)))
  (core instance $i (instantiate $m (with "" (instance (export "r" (func $r)) (export "e" (func $e))))))
  (func (export "run") (result u64) (canon lift (core func $i "run")))`;

const CORE = `
  (core module $a
    (memory (export "m") 1 3) (table (export "t") 2 8 funcref) (global (export "g") (mut i32) (i32.const 5))
    (tag (export "e") (param i32))
    (func $f (export "f") (result i32) (i32.const 3)) (elem (i32.const 0) $f) (data (i32.const 3) "data"))
  (core instance $a (instantiate $a))
  (core module $b
    (import "a" "m" (memory 1)) (import "a" "t" (table 1 funcref)) (import "a" "g" (global $g (mut i32)))
    (import "a" "e" (tag (param i32))) (import "b" "f" (func $f (result i32)))
    (type $t (func (result i32)))
    (func $start (global.set $g (call $f)))
    (start $start)
    (func (export "f") (result i32) (call_indirect (type $t) (i32.const 0))))
  (alias core export $a "f" (core func $f))
  (core instance $bag (export "f" (func $f)) (export "f2" (func $a "f")))
  (core instance $b (instantiate $b (with "a" (instance $a)) (with "b" (instance $bag))))
  (func (export "f") (result u32) (canon lift (core func $b "f")))
  ${LIBC}
  (func (export "clean") (param "x" string) (result string)
    (canon lift (core func $libc "two") ${OPTIONS} (post-return (core func $libc "drop"))))
  (func (export "trap") (canon lift (core func $libc "trap")))`;

const ASYNC = `
  ${LIBC}
  (type $s (stream u8)) (type $f (future string)) (type $e error-context)
  (core func (canon task.cancel))
  (core func (canon stream.new $s)) (core func (canon future.new $f))
  (core func (canon stream.read $s (memory (core memory $libc "memory"))))
  (core func (canon waitable-set.new)) (core func (canon backpressure.inc))
  (core func (canon task.return (result u32)))
  (core func (canon error-context.new (memory (core memory $libc "memory"))))
  (func (export "f") async (param "x" $s) (canon lift (core func $libc "drop")))`;

/** Each in `(component ...)`. */
export const TEXTS: readonly string[] = [
  "",
  LIBC,
  [LIBC, ...SCALARS].join("\n"),
  [LIBC, ...NUMBERS].join("\n"),
  [LIBC, ...STRINGS].join("\n"),
  ...TYPES.map((type) => LIBC + type),
  LIBC + WIDE,
  LIBC + RESOURCE,
  `${LIBC} (component $c ${LIBC} ${RESOURCE}) (instance $i (instantiate $c)) (export "a:b/c@1.0.0" (instance $i))`,
  FUSED,
  PASSED,
  IMPORTS,
  TYPES_OF_ALL,
  NESTED,
  WASI,
  CORE,
  ASYNC,
];

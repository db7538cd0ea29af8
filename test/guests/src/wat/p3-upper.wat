;; Gives back a stream of bytes with its small letters as capitals: for docs/async.md and the benchmarks.
(component
  (type $bytes (stream u8))
  (core module $libc (memory (export "memory") 2))
  (core instance $libc (instantiate $libc))
  (core func $new (canon stream.new $bytes))
  (core func $read (canon stream.read $bytes (memory (core memory $libc "memory"))))
  (core func $write (canon stream.write $bytes (memory (core memory $libc "memory"))))
  (core func $drop-readable (canon stream.drop-readable $bytes))
  (core func $drop-writable (canon stream.drop-writable $bytes))
  (core func $return (canon task.return (result $bytes)))
  (core module $main
    (import "libc" "memory" (memory 2))
    (import "" "new" (func $new (result i64)))
    (import "" "read" (func $read (param i32 i32 i32) (result i32)))
    (import "" "write" (func $write (param i32 i32 i32) (result i32)))
    (import "" "drop-readable" (func $drop-readable (param i32)))
    (import "" "drop-writable" (func $drop-writable (param i32)))
    (import "" "return" (func $return (param i32)))
    (func $capitals (param $at i32) (param $end i32)
      (local $byte i32)
      (loop $next
        (if (i32.lt_u (local.get $at) (local.get $end)) (then
          (local.set $byte (i32.load8_u (local.get $at)))
          (if (i32.lt_u (i32.sub (local.get $byte) (i32.const 97)) (i32.const 26))
            (then (i32.store8 (local.get $at) (i32.sub (local.get $byte) (i32.const 32)))))
          (local.set $at (i32.add (local.get $at) (i32.const 1)))
          (br $next)))))
    ;; Whether all was written.
    (func $write-all (param $to i32) (param $at i32) (param $end i32) (result i32)
      (local $told i32)
      (loop $next
        (if (i32.ge_u (local.get $at) (local.get $end)) (then (return (i32.const 1))))
        (local.set $told (call $write (local.get $to) (local.get $at) (i32.sub (local.get $end) (local.get $at))))
        (local.set $at (i32.add (local.get $at) (i32.shr_u (local.get $told) (i32.const 4))))
        (br_if $next (i32.eqz (i32.and (local.get $told) (i32.const 15)))))
      (i32.ge_u (local.get $at) (local.get $end)))
    (func (export "upper") (param $from i32)
      (local $ends i64) (local $to i32) (local $told i32) (local $count i32)
      (local.set $ends (call $new))
      (local.set $to (i32.wrap_i64 (i64.shr_u (local.get $ends) (i64.const 32))))
      (call $return (i32.wrap_i64 (local.get $ends)))
      (loop $next
        (local.set $told (call $read (local.get $from) (i32.const 0) (i32.const 65536)))
        (local.set $count (i32.shr_u (local.get $told) (i32.const 4)))
        (call $capitals (i32.const 0) (local.get $count))
        (br_if $next (i32.and
          (call $write-all (local.get $to) (i32.const 0) (local.get $count))
          (i32.eqz (i32.and (local.get $told) (i32.const 15))))))
      (call $drop-readable (local.get $from))
      (call $drop-writable (local.get $to))))
  (core instance $main (instantiate $main
    (with "libc" (instance $libc))
    (with "" (instance
      (export "new" (func $new)) (export "read" (func $read)) (export "write" (func $write))
      (export "drop-readable" (func $drop-readable)) (export "drop-writable" (func $drop-writable))
      (export "return" (func $return))))))
  (func (export "upper") async (param "text" $bytes) (result $bytes) (canon lift (core func $main "upper") async)))

;; A command of WASI 0.3 that waits for what is in a set in which nothing is.
(component
  (core module $m
    (import "" "new" (func $new (result i32)))
    (func (export "run") (result i32) (i32.or (i32.const 2) (i32.shl (call $new) (i32.const 4))))
    (func (export "cb") (param i32 i32 i32) (result i32) unreachable))
  (canon waitable-set.new (core func $new))
  (core instance $i (instantiate $m (with "" (instance (export "new" (func $new))))))
  (func $run async (result (result)) (canon lift (core func $i "run") async (callback (core func $i "cb"))))
  (instance $r (export "run" (func $run)))
  (export "wasi:cli/run@0.3.0" (instance $r)))

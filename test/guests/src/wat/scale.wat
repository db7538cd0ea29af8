;; A component that imports a function of its embedder's, and calls it twice: for docs/components.md.
(component
  (import "docs:demo/host" (instance $host (export "scale" (func (param "x" u32) (result u32)))))
  (core func $scale (canon lower (func $host "scale")))
  (core module $main
    (import "host" "scale" (func $scale (param i32) (result i32)))
    (func (export "scale-twice") (param i32) (result i32)
      (call $scale (call $scale (local.get 0)))))
  (core instance $main (instantiate $main (with "host" (instance (export "scale" (func $scale))))))
  (func (export "scale-twice") (param "x" u32) (result u32) (canon lift (core func $main "scale-twice"))))

import { running, exported } from "./wat.ts";
const W = `(core module $m (func (export "f") (param i32 i32) (result i32) (i32.add (local.get 0) (local.get 1)))) (core instance $i (instantiate $m)) (func (export "f") (param "a" u32) (param "b" u32) (result u32) (canon lift (core func $i "f")))`;
const f = exported(await running(W), "f"); for (let r = 0; r < 4; r++) { const t = performance.now(); let s = 0; for (let i = 0; i < 5e6; i++) s += f(i, 1) as number; console.log("sync ns", ((performance.now() - t) / 5).toFixed(1)); }
const g = exported(await running(W, { syncExports: false }), "f"); for (let r = 0; r < 4; r++) { const t = performance.now(); for (let i = 0; i < 2e5; i++) await g(i, 1); console.log("await ns", ((performance.now() - t) / 0.2).toFixed(0)); }

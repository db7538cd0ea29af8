/** The drop of a handle on a resource that a component defines with a destructor. */
import { call, encodeModule, func, get, MUTABLE_I32 } from "../abi/encode.ts";
import { Trap } from "../io/trap.ts";
import type { CoreFunction } from "../wait/gate.ts";
import { sharedModule } from "../wait/module.ts";
import { alwaysOne, type GlobalI32 } from "./component-instance.ts";

/** The drop of a handle on a resource that has a destructor, which may wait: JavaScript says what is to be destroyed. */
export function destroyingDrop(
  destructor: CoreFunction,
  mayEnter: GlobalI32 | undefined,
  release: (handle: number) => unknown,
): CoreFunction {
  const { exports } = new WebAssembly.Instance(sharedModule("drop", encodeDrop), {
    drop: {
      // Nothing to destroy is less than any rep.
      release: (handle: number) => release(handle) ?? -1,
      destructor,
      refuse: cannotEnter,
      "may-enter": mayEnter ?? alwaysOne(),
    },
  });
  // The module exports exactly this.
  return exports["f"] as CoreFunction;
}

function cannotEnter(): never {
  throw new Trap("1.1", "cannot enter component instance");
}

/**
 * (local.set $rep (call $release (local.get $handle)))
 * (if (f64.ge (local.get $rep) (f64.const 0)) (then
 *   (if (i32.eqz (global.get $may-enter)) (then (call $refuse) (unreachable)))
 *   (global.set $may-enter (i32.const 0))
 *   (call $destructor (i32.trunc_f64_u (local.get $rep)))
 *   (global.set $may-enter (i32.const 1))))
 */
function encodeDrop(): Uint8Array {
  const [release, destructor, refuse] = [0, 1, 2];
  const [handle, rep] = [0, 1];
  return encodeModule({
    types: [
      [["i32"], ["f64"]],
      [["i32"], []],
      [[], []],
    ],
    imports: [
      ["drop", "release", ...func(0)],
      ["drop", "destructor", ...func(1)],
      ["drop", "refuse", ...func(2)],
      ["drop", "may-enter", ...MUTABLE_I32],
    ],
    functions: [
      {
        name: "f",
        type: 1,
        locals: ["f64"],
        body: [
          ...[...get(handle), ...call(release), 0x22, rep, 0x44, 0, 0, 0, 0, 0, 0, 0, 0, 0x66, 0x04, 0x40],
          ...[0x23, 0x00, 0x45, 0x04, 0x40, ...call(refuse), 0x00, 0x0b, 0x41, 0x00, 0x24, 0x00],
          ...[...get(rep), 0xab, ...call(destructor), 0x41, 0x01, 0x24, 0x00, 0x0b],
        ],
      },
    ],
  });
}

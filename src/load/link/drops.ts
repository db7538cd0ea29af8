/** The drop of a handle on a resource that a component defines with a destructor. */
import { call, encodeModule, func, get, MUTABLE_I32 } from "../../abi/encode.ts";
import { Trap } from "../../io/trap.ts";
import type { CoreFunction } from "../../wait/gate.ts";
import { sharedModule } from "../../wait/module.ts";
import type { ComponentInstance, GlobalI32 } from "./component-instance.ts";
import type { DefinedResource } from "./defined-resource.ts";
import { failing, refuseToLeave } from "./guards.ts";
import type { Linked } from "./link.ts";

/** The drop of a handle on a resource that has a destructor, which may wait: JavaScript says what is to be destroyed. */
export function destroyingDrop(linked: Linked, type: DefinedResource, holder: ComponentInstance): CoreFunction {
  const { failed } = linked.host;
  const { handles, mayLeave } = holder;
  const release = (handle: number): unknown => {
    if (mayLeave.value === 0) refuseToLeave();
    // Nothing to destroy is less than any rep.
    return handles.release(type, handle >>> 0) ?? -1;
  };
  // Who has the destructor itself is not entered.
  const mayEnter = type.definer === holder ? undefined : entryOf(linked, type);
  const module = mayEnter
    ? sharedModule("drop", () => encodeDrop(entering()))
    : sharedModule("own drop", () => encodeDrop());
  const { exports } = new WebAssembly.Instance(module, {
    drop: {
      release: failing(release, failed),
      destructor: type.destructor?.(),
      refuse: failing(cannotEnter, failed),
      "may-enter": mayEnter,
    },
  });
  // The module exports exactly this.
  return exports["f"] as CoreFunction;
}

function entryOf(linked: Linked, type: DefinedResource): GlobalI32 {
  return linked === type.linked ? type.definer.mayEnter : type.linked.sharedEntry;
}

function cannotEnter(): never {
  throw new Trap("1.1", "cannot enter component instance");
}

const [RELEASE, DESTRUCTOR, REFUSE] = [0, 1, 2];

/** What is done before and after a component is called. */
interface Entering {
  readonly before: readonly number[];
  readonly after: readonly number[];
}

/**
 * (if (i32.eqz (global.get $may-enter)) (then (call $refuse) (unreachable)))
 * (global.set $may-enter (i32.const 0))
 * ...
 * (global.set $may-enter (i32.const 1))
 */
function entering(): Entering {
  return {
    before: [0x23, 0x00, 0x45, 0x04, 0x40, ...call(REFUSE), 0x00, 0x0b, 0x41, 0x00, 0x24, 0x00],
    after: [0x41, 0x01, 0x24, 0x00],
  };
}

/**
 * (local.set $rep (call $release (local.get $handle)))
 * (if (f64.ge (local.get $rep) (f64.const 0)) (then
 *   ... (call $destructor (i32.trunc_f64_u (local.get $rep))) ...))
 */
function encodeDrop(around?: Entering): Uint8Array {
  const [handle, rep] = [0, 1];
  return encodeModule({
    types: [
      [["i32"], ["f64"]],
      [["i32"], []],
      [[], []],
    ],
    imports: [
      ["drop", "release", func(0)],
      ["drop", "destructor", func(1)],
      ["drop", "refuse", func(2)],
      ...(around ? [["drop", "may-enter", MUTABLE_I32] as const] : []),
    ],
    functions: [
      {
        name: "f",
        type: 1,
        locals: ["f64"],
        body: [
          ...[...get(handle), ...call(RELEASE), 0x22, rep, 0x44, 0, 0, 0, 0, 0, 0, 0, 0, 0x66, 0x04, 0x40],
          ...(around?.before ?? []),
          ...[...get(rep), 0xab, ...call(DESTRUCTOR)],
          ...(around?.after ?? []),
          0x0b,
        ],
      },
    ],
  });
}

/** Fused adapters between two models of components. */
import assert from "node:assert/strict";

import { FUSE_TRAPS, type FuseSide } from "../../src/abi/fuse/sides.ts";
import { fuse, type Fused } from "../../src/abi/fuse/fuse.ts";
import { transcoders } from "../../src/abi/fuse/transcode.ts";
import type { FuncType, StringEncoding, ValType } from "../../src/abi/types.ts";
import { flatten, liftFlat, load, lowerFlat, Peer, sizeOf, alignOf, store, type Core } from "./model.ts";

export function funcType(params: readonly ValType[], result?: ValType): FuncType {
  return { async: false, params: params.map((type, index) => ({ name: `p${index}`, type })), result };
}

export function side(encoding: StringEncoding, postReturn = false): FuseSide {
  return { encoding, memory: true, realloc: true, postReturn };
}

/** What `host.trap` throws. */
export class Trapped extends Error {}

/** Two components and the flags and leaves that are between them. */
export class Pair {
  readonly caller: Peer;
  readonly callee: Peer;
  readonly callerMayLeave = flag();
  readonly calleeMayLeave = flag();
  readonly calleeMayEnter = flag();
  /** What happened beside the call itself. */
  readonly events: string[] = [];
  postReturn = false;

  constructor(callerEncoding: StringEncoding = "utf8", calleeEncoding: StringEncoding = callerEncoding) {
    this.caller = new Peer(callerEncoding);
    this.callee = new Peer(calleeEncoding);
  }

  fuse(type: FuncType): Fused {
    return fuse(type, side(this.caller.encoding), side(this.callee.encoding, this.postReturn));
  }

  /** The adapter, around a core function of the callee. */
  link(type: FuncType, f: (...flat: Core[]) => Core | undefined): (...flat: Core[]) => Core | undefined {
    const { bytes, handles } = this.fuse(type);
    const imports = {
      caller: this.#imports(this.caller, this.callerMayLeave),
      callee: {
        ...this.#imports(this.callee, this.calleeMayLeave),
        f,
        "post-return": (...flat: Core[]) => {
          assert.equal(this.calleeMayLeave.value, 0);
          this.events.push(`post-return ${flat.join()}`);
        },
        "may-enter": this.calleeMayEnter,
      },
      host: {
        ...transcoders(this.caller.memory, this.callee.memory),
        ...Object.fromEntries(
          handles.map(({ kind }, index) => [
            `${kind}${index}`,
            (handle: number) => {
              this.events.push(`${kind}${index} ${handle}`);
              return handle + 1000;
            },
          ]),
        ),
        enter: () => this.events.push("enter"),
        leave: () => this.events.push("leave"),
        trap: (code: keyof typeof FUSE_TRAPS) => {
          throw new Trapped(FUSE_TRAPS[code]);
        },
      },
    };
    const { f: adapter } = new WebAssembly.Instance(new WebAssembly.Module(new Uint8Array(bytes)), imports).exports;
    // The module exports one function.
    return adapter as (...flat: Core[]) => Core | undefined;
  }

  /** Calls through the adapter, as the model lowers and lifts: what the callee was given, and what the caller got. */
  call(type: FuncType, params: readonly unknown[], result?: unknown): { params: unknown[]; result: unknown } {
    const types = type.params.map((param) => param.type);
    const tuple: ValType = { kind: "tuple", members: types };
    const spilled = types.flatMap(flatten).length > 16;
    const stored = type.result !== undefined && flatten(type.result).length > 1;
    let given: unknown[] = [];
    const adapter = this.link(type, (...flat) => {
      given = spilled
        ? // A tuple is an array.
          (load(this.callee, tuple, Number(flat[0]) >>> 0) as unknown[])
        : types.map((of) => liftFlat(this.callee, of, flat));
      if (!type.result) return undefined;
      return stored ? put(this.callee, type.result, result) : lowerFlat(this.callee, type.result, result)[0];
    });
    const flat = spilled
      ? [put(this.caller, tuple, params)]
      : types.flatMap((of, index) => lowerFlat(this.caller, of, params[index]));
    const place = stored && type.result ? this.caller.allocate(alignOf(type.result), sizeOf(type.result)) : 0;
    const got = adapter(...flat, ...(stored ? [place] : []));
    assert.deepEqual(
      [this.callerMayLeave, this.calleeMayLeave, this.calleeMayEnter].map(({ value }) => value as number),
      [1, 1, 1],
    );
    if (!type.result) return { params: given, result: undefined };
    const back = stored ? load(this.caller, type.result, place) : liftFlat(this.caller, type.result, [got ?? 0]);
    return { params: given, result: back };
  }

  #imports(peer: Peer, mayLeave: WebAssembly.Global): Record<string, WebAssembly.ImportValue> {
    const realloc = (old: number, oldBytes: number, align: number, bytes: number): number => {
      assert.equal(mayLeave.value, 0);
      return peer.realloc(old >>> 0, oldBytes >>> 0, align >>> 0, bytes >>> 0);
    };
    return { memory: peer.memory, realloc, "may-leave": mayLeave };
  }
}

function flag(): WebAssembly.Global {
  return new WebAssembly.Global({ value: "i32", mutable: true }, 1);
}

/** Stores a value where nothing is. */
export function put(peer: Peer, type: ValType, value: unknown): number {
  const at = peer.allocate(alignOf(type), sizeOf(type));
  store(peer, type, value, at);
  return at;
}

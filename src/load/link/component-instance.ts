/** A component instance: its handles, and whether it may call and be called. */
import { HandleTable, type HandleCount } from "../../abi/handles.ts";
import type { Lease } from "../../wait/lease.ts";

/** A mutable global of WebAssembly, under a type that needs no declarations of WebAssembly (see io/trap.ts). */
export interface GlobalI32 {
  value: number;
}

/** What it is made of. */
export interface InstanceHost {
  readonly handleCount: HandleCount;
  newLease(): Lease | undefined;
}

/** One component instance. */
export class ComponentInstance {
  readonly handles: HandleTable;
  readonly lease: Lease | undefined;
  /** Whether it may call anybody: not while it allocates, or cleans up. 1 or 0. */
  get mayLeave(): GlobalI32 {
    // Some have no code of their own.
    return (this.#mayLeave ??= new WebAssembly.Global({ value: "i32", mutable: true }, 1));
  }

  #mayLeave: GlobalI32 | undefined;

  /** Whether it may be called: not while it is, nor after it has trapped. 1 or 0. */
  get mayEnter(): GlobalI32 {
    // Made for those who call it from another component, which most have not.
    return (this.#mayEnter ??= new WebAssembly.Global({ value: "i32", mutable: true }, 1));
  }

  #mayEnter: GlobalI32 | undefined;

  /** For a guest that is as it was when it was made. @returns Whether it may call and be called, as it must then. */
  renew(): boolean {
    this.handles.forgetAll();
    return (!this.#mayLeave || this.#mayLeave.value === 1) && (!this.#mayEnter || this.#mayEnter.value === 1);
  }

  constructor(host: InstanceHost) {
    this.lease = host.newLease();
    this.handles = new HandleTable(host.handleCount, this.lease);
  }
}

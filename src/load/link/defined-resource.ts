/** Resource types that components define. */
import type { ResourceType } from "../../abi/handles.ts";
import type { CoreFunction } from "../../wait/gate.ts";
import type { ComponentInstance } from "./component-instance.ts";
import type { Linked } from "./link.ts";

/** A resource type that a component defines. */
export class DefinedResource implements ResourceType {
  readonly name: string;
  readonly definer: ComponentInstance;
  /** Called with the rep of what is dropped; from WebAssembly by the guests, since it may wait. */
  readonly destructor: (() => CoreFunction) | undefined;

  readonly linked: Linked;

  constructor(name: string, linked: Linked, definer: ComponentInstance, destructor: (() => CoreFunction) | undefined) {
    this.name = name;
    this.linked = linked;
    this.definer = definer;
    this.destructor = destructor;
  }

  drop(rep: unknown): void {
    // A rep of a component's is a number.
    this.destructor?.()(...([rep] as never[]));
  }
}

/**
 * What passes between one instance and JavaScript: values of all types, resources, and exports as objects and classes. A
 * command that is given no imports has no use for it: see bare.ts.
 */
import type { ResourceBinding } from "../../abi/guest.ts";
import type { ResourceType } from "../../abi/handles.ts";
import type { Kind } from "../../abi/resources.ts";
import type { ResourceId } from "../../abi/types.ts";
import type { Linked } from "../../load/link/link.ts";
import type { AsyncCalls } from "./async-calls.ts";
import type { Calling } from "../calls.ts";
import { Exports } from "./exports.ts";
import { GivenProviders } from "./given-imports.ts";
import type { Imports, Providers } from "../imports.ts";
import { embedderBinding, guestBinding, hostBinding } from "./js-resources.ts";
import type { Life } from "../life.ts";
import type { Platform } from "../platform.ts";
import { ValueCalls } from "./value-calls.ts";

/** Who provides the imports of a component that is given these. @throws {TypeError} If one is nothing that can be given. */
export function providersOf(imports: Imports): Providers {
  return new GivenProviders(imports);
}

export class Embedding {
  readonly #platform: Platform;
  readonly #life: Life;
  readonly #providers: Providers;
  #calls: ValueCalls | undefined;
  #exports: Exports | undefined;

  constructor(platform: Platform, life: Life, providers: Providers) {
    this.#platform = platform;
    this.#life = life;
    this.#providers = providers;
  }

  /** What stands for a resource type of ours. */
  hostResource(kind: Kind<unknown>): ResourceBinding {
    return hostBinding(kind, this.#life.instance, this.#platform);
  }

  /** What stands for a resource type that is imported, and that nobody provides. */
  unknownResource({ name }: ResourceId): ResourceBinding {
    return embedderBinding(name, undefined, this.#life.instance);
  }

  /** What stands for a resource type that the component defines. */
  definedResource(type: ResourceType): ResourceBinding {
    return guestBinding(type, () => this.#exports?.prototypeOf(type));
  }

  /** The way into the instance. */
  callsOf(linked: Linked, calling: Calling): ValueCalls {
    return (this.#calls = new ValueCalls(linked, this.#life, calling));
  }

  /** What the component exports, once it is linked. @param asyncs The way into an asynchronous one. */
  exportsOf(linked: Linked, asyncs: AsyncCalls | undefined): Record<string, unknown> {
    const calls = asyncs ?? this.#calls;
    if (!calls) throw new Error("Exports are made before there is a way in");
    this.#exports = new Exports(linked, calls, this.#providers);
    return this.#exports.all();
  }
}

/** Who gives what a component imports: the embedder, another component, or we. */
import type { Interface } from "../bind/definition.ts";
import { interfaceOf } from "../bind/interfaces.ts";
import type { InstanceItem } from "../load/plan/items.ts";
import type { Linked } from "../load/link/link.ts";
import type { ComponentImport, EmbedderImport } from "./embed/given-imports.ts";

/** The newest version of WASI 0.2 whose interfaces are implemented in full. */
export const WASI_VERSION = "0.2.12";

/** A function of the embedder's, given what the guest passes. */
export type ImportedFunction = (...args: never[]) => unknown;

/**
 * What an embedder gives for one import: a function; an object of functions and classes, in camel case; what another
 * component exports; or a `WebAssembly.Module`.
 */
export type ImportValue = ImportedFunction | object;

/** By WIT's names, such as `a:b/c@1.2.0`, with the version or without. */
export type Imports = Readonly<Record<string, ImportValue>>;

/** What another component exports, behind the object that its embedder has of it. */
export interface ExportedInstance {
  readonly linked: Linked;
  readonly instance: InstanceItem;
}

const exportedInstances = new WeakMap<object, ExportedInstance>();

/** Remembers what an object of functions stands for, so that it can be another component's import. */
export function rememberExport(object: object, exported: ExportedInstance): void {
  exportedInstances.set(object, exported);
}

/** What was remembered. */
export function exportedBy(object: object): ExportedInstance | undefined {
  return exportedInstances.get(object);
}

/** Who provides one import. */
export type Provider = HostImport | ComponentImport | EmbedderImport;

/** What we provide. */
export interface HostImport {
  readonly is: "host";
  readonly interface: Interface;
}

/** The providers of all imports of a component. */
export interface Providers {
  /** Whether some of what is given is another component's. */
  readonly haveComponents: boolean;
  /** Who provides the import of this name, if anybody does. */
  of(name: string): Provider | undefined;
  /** What is given, and is none of these imports. */
  unused(imports: Iterable<string>): readonly string[];
}

/** Those of a component that its embedder gives nothing. */
export class HostProviders implements Providers {
  readonly haveComponents = false;
  readonly #providers = new Map<string, Provider | undefined>();

  unused(): readonly string[] {
    return [];
  }

  of(name: string): Provider | undefined {
    if (!this.#providers.has(name)) this.#providers.set(name, hostImport(name));
    return this.#providers.get(name);
  }
}

/** What we provide under this name, if anything. */
export function hostImport(name: string): HostImport | undefined {
  const known = interfaceOf(name);
  return known && { is: "host", interface: known };
}

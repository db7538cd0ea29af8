/** Components of which everything was compiled before: for runtimes that compile nothing while they run, and to start sooner. */
import { loadInterfaces } from "../bind/interfaces.ts";
import { told } from "../io/told.ts";
import { Compiled, type CoreModule } from "../load/compiled.ts";
import { InvalidComponentError } from "../load/invalid-component.ts";
import { loadParts } from "../load/parts.ts";
import { assertVersion, readPlan } from "../load/plan/plan-data.ts";
import { addPrepared } from "../wait/module.ts";
import { CompiledComponent } from "./component.ts";
import type { CompiledCore } from "./core-module.ts";
import { VERSION } from "./version.ts";

/** The custom sections that say what a module is for. */
export const SECTIONS = {
  /** The plan of the component: see plan-data.ts. */
  plan: "sluice:plan",
  /** The place of a core module of it, in decimal digits. */
  core: "sluice:core",
  /** A core module of WASI preview 1, which is the whole of it; and by which version of ours it was prepared. */
  preview1: "sluice:preview1",
  /** The name of a module of ours: see `moduleOf`. */
  made: "sluice:made",
} as const;

/**
 * Makes a component ready to be instantiated, as `compile` does, of the modules that `sluice build` has made of it.
 * Nothing is compiled.
 *
 * @param modules Each a `WebAssembly.Module`: all of them, in any order.
 * @throws {InvalidComponentError} If they do not belong together, or were built by another version.
 */
export async function precompiled(modules: readonly object[]): Promise<CompiledComponent> {
  let plan: string | undefined;
  let preview1: CoreModule | undefined;
  /** By their places. */
  const cores = new Map<string, CoreModule>();
  const made: [name: string, module: CoreModule][] = [];
  // What is no array is no module either, and told of as one.
  for (const module of Array.isArray(modules) ? modules : [modules]) {
    if (!(module instanceof WebAssembly.Module)) {
      throw new TypeError(`Expected modules of WebAssembly, got ${told(module)}`);
    }
    const place = sectionOf(module, SECTIONS.core);
    const name = sectionOf(module, SECTIONS.made);
    const version = sectionOf(module, SECTIONS.preview1);
    if (place !== undefined) cores.set(place, module);
    else if (name !== undefined) made.push([name, module]);
    else if (version !== undefined) {
      assertVersion(version, VERSION);
      preview1 = module;
    } else plan ??= sectionOf(module, SECTIONS.plan);
  }
  const compiled =
    plan !== undefined
      ? await compiledBefore(plan, cores)
      : preview1 !== undefined
        ? await coreBefore(preview1)
        : undefined;
  if (!compiled) throw new InvalidComponentError("These modules are not all that `sluice build` made of a component");
  // Only now is it known that they are of this version.
  for (const [name, module] of made) addPrepared(name, module);
  return new CompiledComponent(compiled);
}

async function coreBefore(module: CoreModule): Promise<CompiledCore> {
  const { CompiledCore: Core } = await import("./core-module.ts");
  return new Core(module);
}

/** @throws {InvalidComponentError} If they do not belong together. */
async function compiledBefore(text: string, given: ReadonlyMap<string, CoreModule>): Promise<Compiled> {
  const { plan, sizes } = readPlan(text, VERSION);
  const modules = sizes.flatMap((_, place) => given.get(String(place)) ?? []);
  if (sizes.length !== modules.length) {
    throw new InvalidComponentError(
      `The component has ${sizes.length} core modules, and ${modules.length} of them were given`,
    );
  }
  await Promise.all([loadParts(plan), loadInterfaces(plan.imports.keys())]);
  const compiled = new Compiled({ plan, modules, sizes });
  // Who built it has instantiated it.
  compiled.isChecked = true;
  return compiled;
}

function sectionOf(module: WebAssembly.Module, name: string): string | undefined {
  const [contents] = WebAssembly.Module.customSections(module, name);
  // What is no text has another sum.
  return contents && new TextDecoder("utf-8", { fatal: false, ignoreBOM: true }).decode(new Uint8Array(contents));
}

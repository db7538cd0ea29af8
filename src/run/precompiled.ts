/** Components of which everything was compiled before: for runtimes that compile nothing while they run. */
import { compiledBefore, type CoreModule } from "../load/compiled.ts";
import { InvalidComponentError } from "../load/reader.ts";
import { told } from "../io/told.ts";
import { addPrepared } from "../wait/module.ts";
import { CompiledComponent } from "./compile.ts";

/** The custom sections that say what a module is for. */
export const SECTIONS = {
  /** What is left of the component without the code of its core modules. */
  component: "sluice:component",
  /** The place of a core module of it, in decimal digits. */
  core: "sluice:core",
  /** A core module of WASI preview 1, which is the whole of it. */
  preview1: "sluice:preview1",
  /** What a module of ours was compiled of: itself, without this section. */
  made: "sluice:made",
} as const;

/**
 * Makes a component ready to be instantiated, as `compile` does, of the modules that `sluice build` has made of it.
 * Nothing is compiled.
 *
 * @param modules Each a `WebAssembly.Module`: all of them, in any order.
 * @throws {InvalidComponentError} If they do not belong together.
 */
export async function precompiled(modules: readonly object[]): Promise<CompiledComponent> {
  let shell: Uint8Array | undefined;
  let preview1: CoreModule | undefined;
  const cores: CoreModule[] = [];
  for (const module of modules) {
    if (!(module instanceof WebAssembly.Module)) {
      throw new TypeError(`Expected modules of WebAssembly, got ${told(module)}`);
    }
    const place = sectionOf(module, SECTIONS.core);
    const made = sectionOf(module, SECTIONS.made);
    if (place) cores[Number(String.fromCharCode(...place))] = module;
    else if (made) addPrepared(made, module);
    else if (sectionOf(module, SECTIONS.preview1)) preview1 = module;
    else shell ??= sectionOf(module, SECTIONS.component);
  }
  if (shell) return new CompiledComponent(await compiledBefore(shell, cores));
  if (!preview1) throw new InvalidComponentError("These modules are not all that `sluice build` made of a component");
  const { CompiledCore } = await import("./core-module.ts");
  return new CompiledComponent(new CompiledCore(preview1));
}

function sectionOf(module: WebAssembly.Module, name: string): Uint8Array | undefined {
  const [contents] = WebAssembly.Module.customSections(module, name);
  return contents && new Uint8Array(contents);
}

/**
 * Sluice in a page, or a worker of one: the same functions as in Node, over Web Streams and files in memory.
 *
 * @module
 */
import { webPlatform } from "./hosts/web/platform.ts";
import type { WebInput, WebOutput } from "./hosts/web/streams.ts";
import { compile as compileAnew, type CompiledComponent } from "./run/compile.ts";
import { instantiate as instantiateOn, type RunningInstance } from "./run/instantiate.ts";
import type { InstanceOptions } from "./run/options.ts";
import { run as runOn, type RunResult } from "./run/run.ts";
import type { OpenDirectory } from "./wasi/filesystem/files.ts";

/** What an instance is given; see the fields. */
export type Options = InstanceOptions<WebInput, WebOutput, OpenDirectory>;

/**
 * Makes a component ready to be instantiated any number of times.
 *
 * @param component The bytes of a component. They are not changed, and may be once this has resolved.
 * @throws {InvalidComponentError} If they are none.
 */
export async function compile(component: Uint8Array): Promise<CompiledComponent> {
  return compileAnew(component);
}

/**
 * Makes an instance of a component, to call what it exports.
 *
 * @param component Bytes, or what `compile` gave.
 * @throws As `compile` does.
 * @throws {MissingImportsError} If it imports what this host does not provide.
 */
export async function instantiate(
  component: Uint8Array | CompiledComponent,
  options: Options = {},
): Promise<RunningInstance> {
  return instantiateOn(webPlatform, await compiled(component), options);
}

/**
 * Runs a command component to its end. All that it wrote has been delivered when this resolves or rejects.
 *
 * @param component Bytes, or what `compile` gave.
 * @throws As `instantiate` does.
 * @throws {WebAssembly.RuntimeError} If the guest traps; {@link Trap} if it broke a rule of the contract.
 * @throws The reason of `options.signal`, if that is aborted.
 */
export async function run(component: Uint8Array | CompiledComponent, options: Options = {}): Promise<RunResult> {
  return runOn(webPlatform, await compiled(component), options);
}

async function compiled(component: Uint8Array | CompiledComponent): Promise<CompiledComponent> {
  return component instanceof Uint8Array ? compile(component) : component;
}

export * from "./api.ts";
export type { WebInput, WebOutput } from "./hosts/web/streams.ts";

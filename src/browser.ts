/**
 * Sluice in a page, or a worker of one: the same functions as in Node, over Web Streams and files in memory.
 *
 * @module
 */
import { whileHeld } from "./hosts/web/held-streams.ts";
import { webPlatform } from "./hosts/web/platform.ts";
import type { Server } from "./hosts/web/serve.ts";
import type { WebInput, WebOutput } from "./hosts/web/streams.ts";
import type { ComponentBytes } from "./run/bytes.ts";
import { isCompiled, type CompiledComponent } from "./run/component.ts";
import { loader } from "./run/loader.ts";
import { instantiate as instantiateOn, type RunningInstance } from "./run/instantiate.ts";
import type { HttpOptions, InstanceOptions } from "./run/options.ts";
import type { ServingOptions } from "./run/serve/serve.ts";
import type { HttpClient } from "./wasi/http/exchange.ts";
import { run as runOn, type RunResult } from "./run/run.ts";
import type { OpenDirectory } from "./wasi/filesystem/files.ts";
import { canSuspend } from "./wait/suspension.ts";

/** What an instance is given; see the fields. */
export interface Options extends Omit<InstanceOptions<WebInput, WebOutput, OpenDirectory>, "http"> {
  /** Whether the guest may send requests, by `fetch` or by whom they are carried out: nobody, by default. */
  readonly http?: boolean | HttpOptions | HttpClient | ((request: Request) => Response | Promise<Response>) | undefined;
  /**
   * Whether the instance has a worker of its own, in which it can be ended whatever it does, also while it computes; which takes
   * a page that is isolated from other origins. Its exports and what it is given by `imports` are then functions of plain
   * values, without resources; all exports return promises. The bytes that it was compiled of must stay as they are. Where
   * WebAssembly cannot be suspended, every instance has one.
   */
  readonly isolate?: "thread" | undefined;
}

/**
 * Makes a component ready to be instantiated any number of times.
 *
 * @param component The bytes of a component, or a response that has them: `compile(fetch("app.wasm"))`. They are not changed,
 * and may be once this has resolved.
 * @throws {InvalidComponentError} If they are none.
 * @throws {TypeError} If the response is an error.
 */
export async function compile(component: ComponentBytes | PromiseLike<ComponentBytes>): Promise<CompiledComponent> {
  // What was built ahead needs none of it; what is still fetched comes at the same time.
  const [given, { compileGiven }] = await Promise.all([component, loader()]);
  return compileGiven(given);
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
  return whileHeld(options, async () =>
    isIsolated(options)
      ? (await import("./hosts/web/isolate/isolated.ts")).instantiateInWorker(component, options)
      : instantiateOn(webPlatform, await compiled(component), options),
  );
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
  return whileHeld(options, async () =>
    isIsolated(options)
      ? (await import("./hosts/web/isolate/isolated.ts")).runInWorker(component, options)
      : runOn(webPlatform, await compiled(component), options),
  );
}

/** What instances are given, and how they are used; see the fields. */
export interface ServeOptions extends Omit<Options, "isolate" | "syncExports">, ServingOptions {
  /**
   * Whether requests are answered in workers, each of which answers one at a time and can be ended whatever it does; which takes
   * a page that is isolated from other origins. Where WebAssembly cannot be suspended, they always are.
   */
  readonly isolate?: "thread" | undefined;
}

/**
 * Answers requests with a component that exports `wasi:http/incoming-handler` of WASI 0.2, or `wasi:http/handler` of 0.3:
 * with an instance for each, if `reuse` does not say otherwise.
 *
 * @param component Bytes, or what `compile` gave.
 * @throws As `instantiate` does, of what holds for all instances. What one of them throws its request hears of.
 */
export async function serve(component: Uint8Array | CompiledComponent, options: ServeOptions = {}): Promise<Server> {
  const { serveInPage } = await import("./hosts/web/serve.ts");
  return serveInPage(component, options, compiled, isIsolated);
}

/** Without suspension, a guest can wait only in a worker that is blocked. */
function isIsolated({ isolate, syncExports }: Pick<Options, "isolate" | "syncExports">): boolean {
  return isolate !== undefined || (!canSuspend() && syncExports !== true);
}

async function compiled(component: Uint8Array | CompiledComponent): Promise<CompiledComponent> {
  return isCompiled(component) ? component : (await loader()).compileGiven(component, true);
}

export * from "./api.ts";
export type { Server } from "./hosts/web/serve.ts";
export type { ServingOptions } from "./run/serve/serve.ts";
export type { WebInput, WebOutput } from "./hosts/web/streams.ts";

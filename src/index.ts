import type { Served } from "./load/compile.ts";
/**
 * Sluice runs WebAssembly components with WASI 0.2 on JavaScript, with streams that flow.
 *
 * @module
 */
import { bytesOf } from "./hosts/isolate/component-bytes.ts";
import { bytesIn, isBytes, type ComponentBytes } from "./run/bytes.ts";
import type { CompiledComponent } from "./run/component.ts";
import { compile as compileHere } from "./run/compile.ts";
import { instantiate as instantiateOn, type RunningInstance } from "./run/instantiate.ts";
import type { Levels } from "./run/life.ts";
import type { HttpOptions, InstanceOptions } from "./run/options.ts";
import type { HttpClient } from "./wasi/http/exchange.ts";
import { checkedOptions } from "./run/check-options.ts";
import { SERVING } from "./run/serve/option-names.ts";
import { canSuspend } from "./wait/suspension.ts";
import { run as runOn, type RunResult } from "./run/run.ts";
import { compileOnce } from "./hosts/node/compile.ts";
import { nodePlatform, type Directory } from "./hosts/node/platform.ts";
import { whileHeld } from "./hosts/web/held-streams.ts";
import type { Input, Output } from "./hosts/node/stdio.ts";
import type { NodeListener } from "./hosts/node/http/listener.ts";
import type { Elsewhere, ServingOptions } from "./run/serve/serve.ts";

/** What an instance is given; see the fields. */
export interface Options extends Omit<InstanceOptions<Input, Output, Directory>, "http"> {
  /** Whether the guest may send requests, to whom, and by whom they are carried out: nobody, by default. */
  readonly http?: boolean | HttpOptions | HttpClient | ((request: Request) => Response | Promise<Response>) | undefined;
  /**
   * Whether the instance has a thread of its own, in which it can be ended whatever it does, also while it computes. Its
   * exports and what it is given by `imports` are then functions of plain values, without resources; all exports return
   * promises. The bytes that it was compiled of must stay as they are.
   */
  readonly isolate?: "thread" | undefined;
}

/**
 * Makes a component ready to be instantiated any number of times. The same bytes give the same result again, as long as
 * anybody holds it.
 *
 * @param component The bytes of a component, or a response that has them: `compile(fetch("app.wasm"))`. They are not changed,
 * and may be once this has resolved.
 * @throws {InvalidComponentError} If they are none.
 * @throws {TypeError} If the response is an error.
 */
export async function compile(component: ComponentBytes | PromiseLike<ComponentBytes>): Promise<CompiledComponent> {
  return compileOnce(await bytesIn(await component));
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
  const checked = checkedOptions(options);
  if (checked instanceof Promise) return checked;
  const { isolate, ...given } = checked;
  return whileHeld(given, async () => {
    if (isolate === undefined && !mustPark(given)) return instantiateOn(nodePlatform, await compiled(component), given);
    const { nodeThreads, instantiateIsolated } = await isolation();
    return instantiateIsolated(nodeThreads, bytesOf(component), given);
  });
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
  const checked = checkedOptions(options);
  if (checked instanceof Promise) return checked;
  const { isolate, ...given } = checked;
  return whileHeld(given, async () => {
    if (isolate === undefined && !mustPark(given)) return runOn(nodePlatform, await compiled(component), given);
    const { nodeThreads, runIsolated } = await isolation();
    return runIsolated(nodeThreads, bytesOf(component), given);
  });
}

/** What answers requests with a component. */
export interface Server {
  /** For all that speaks Fetch. Rejects with what kept the guest from answering. */
  fetch(request: Request): Promise<Response>;
  /** For other guests, with trailers: `serve(front, { http: back.client })`. A body that a guest writes tells its `level`. */
  readonly client: HttpClient;
  /**
   * For `createServer` of `node:http`, `node:https` and `node:http2`, with trailers; what kept a guest from answering is a
   * 500, and told to `onError`. As a listener of `checkContinue` too it answers 100 when a guest reads the body.
   */
  readonly listener: NodeListener;
  /**
   * What the standard outputs and files of the instances that answer now are doing: an entry for each, until what it wrote is
   * delivered. None where instances have threads of their own. What bodies are doing, they tell themselves: see `client`.
   */
  levels(): readonly Levels[];
  /** Resolves when all that was begun is answered, and no instance is left. Ask for nothing more then. */
  close(): Promise<void>;
}

/** What instances are given, and how they are used; see the fields. */
export interface ServeOptions extends Omit<Options, "isolate" | "syncExports">, Omit<ServingOptions, "onError"> {
  /** Whether requests are answered in threads of their own, each of which answers one at a time and can be ended whatever it does. */
  readonly isolate?: "thread" | undefined;
  /** Bytes that each memory of an instance may have, rounded down to pages of 64 KiB. As many as the component says, by default. */
  readonly maxMemoryBytes?: number | undefined;
  /**
   * Milliseconds that a client of `listener` may keep it waiting: with more of a body, while a guest wants it, or by taking
   * nothing of a response. Then it is let go of, as if it had left. 60,000 is the default. The header of a request is for the
   * server to wait for, by its `headersTimeout`.
   */
  readonly maxStallTime?: number | undefined;
  /** Told of what kept a guest from answering, or to the end: a trap, a time-out, an error in the place of a response. */
  readonly onError?: ((error: unknown) => void) | undefined;
}

/**
 * Answers requests with a component that exports `wasi:http/incoming-handler` of WASI 0.2, or `wasi:http/handler` of 0.3:
 * with an instance for each, if `reuse` does not say otherwise.
 *
 * @param component Bytes, or what `compile` gave: then the bytes that it was compiled of are compiled once more, and must
 * stay as they are until this has resolved.
 * @throws As `instantiate` does, of what holds for all instances. What one of them throws its request hears of.
 */
export async function serve(component: Uint8Array | CompiledComponent, options: ServeOptions = {}): Promise<Server> {
  const checked = await checkedOptions(options, [...SERVING, "maxStallTime", "maxMemoryBytes"]);
  const { isolate, maxMemoryBytes, maxStallTime, plugs, ...others } = checked;
  const [{ Serving, servingOf }, { plugsOf }, { nodeListener }, { cohort }, { incomingOf, leavingOf, webResponseOf }] =
    await Promise.all([
      import("./run/serve/serve.ts"),
      import("./run/plugs.ts"),
      import("./hosts/node/http/listener.ts"),
      import("./hosts/node/http/cohort.ts"),
      import("./hosts/web/http.ts"),
    ]);
  const { used, given } = servingOf(others);
  const threads =
    isolate !== undefined || !canSuspend() ? await inThreads(bytesOf(component), maxMemoryBytes) : undefined;
  const user = threads ? await compiled(component) : await compiledToServe(component, { maxMemoryBytes });
  const serving = new Serving(
    nodePlatform,
    user,
    () => given,
    { ...used, plugs: await plugsOf(plugs, compiled, user) },
    threads,
  );
  await serving.prepare(() => given);
  let isClosing = false;
  return {
    fetch: async (request) => webResponseOf(await serving.answer(incomingOf(request), leavingOf(request.signal))),
    client: { send: (request, signal) => serving.answer(request, leavingOf(signal)) },
    listener: nodeListener(
      (request, leaving) => serving.answer(request, leaving),
      (error, request) => void serving.failed(error, request),
      maxStallTime,
      undefined,
      { isEnding: () => isClosing, isOurs: false },
    ),
    levels: () => serving.levels(),
    async close() {
      isClosing = true;
      await cohort.begun();
      await serving.close();
    },
  };
}

/** What was built ahead is taken as it is: nothing puts an instance of it back. @throws {TypeError} If it is to be limited. */
async function compiledToServe(component: Uint8Array | CompiledComponent, served: Served): Promise<CompiledComponent> {
  if (isBytes(component)) return compileHere(component, served);
  if (component.bytes.length > 0) return compileHere(component.bytes, served);
  if (served.maxMemoryBytes === undefined) return component;
  throw new TypeError("maxMemoryBytes takes bytes, or what `compile` gave: got a component that was compiled before");
}

/** Whether its guest can wait only in a thread of its own, which blocks: Node 20 and 22. */
function mustPark({ syncExports }: Options): boolean {
  return !canSuspend() && syncExports !== true;
}

/** Loaded where somebody asks for it. */
async function isolation() {
  const [{ nodeThreads }, { instantiateIsolated, runIsolated }] = await Promise.all([
    import("./hosts/node/isolate/threads.ts"),
    import("./hosts/isolate/host.ts"),
  ]);
  return { nodeThreads, instantiateIsolated, runIsolated };
}

async function inThreads(bytes: Uint8Array, maxMemoryBytes: number | undefined): Promise<Elsewhere> {
  const [{ nodeThreads }, { threadedHandlers }] = await Promise.all([
    import("./hosts/node/isolate/threads.ts"),
    import("./hosts/isolate/handlers.ts"),
  ]);
  return threadedHandlers(nodeThreads, bytes, maxMemoryBytes);
}

async function compiled(component: Uint8Array | CompiledComponent): Promise<CompiledComponent> {
  return isBytes(component) ? compile(component) : component;
}

export * from "./api.ts";
export type { Input, Output } from "./hosts/node/stdio.ts";
export type { NodeListener } from "./hosts/node/http/listener.ts";
export type { ServingOptions } from "./run/serve/serve.ts";
export type { Directory } from "./hosts/node/platform.ts";
export { nodeDirectory, type NodeFilesOptions } from "./hosts/node/files.ts";
export type { WebInput, WebOutput } from "./hosts/web/streams.ts";

/** Answers requests in a page, or a worker of one: loaded by who does. */
import { checkedOptions } from "../../run/check-options.ts";
import type { CompiledComponent } from "../../run/component.ts";
import type { Levels } from "../../run/life.ts";
import { plugsOf } from "../../run/plugs.ts";
import { SERVING } from "../../run/serve/option-names.ts";
import type { OptionsOf } from "../../run/serve/pool.ts";
import { Serving, servingOf, type ServingOptions } from "../../run/serve/serve.ts";
import type { HttpClient } from "../../wasi/http/exchange.ts";
import { incomingOf, leavingOf, webResponseOf } from "./http.ts";
import { webPlatform } from "./platform.ts";
import { assertStreams } from "./streams.ts";

/** What answers requests with a component. */
export interface Server {
  /** As a service worker is asked. Rejects with what kept the guest from answering. */
  fetch(request: Request): Promise<Response>;
  /** For other guests, with trailers: `serve(front, { http: back.client })`. A body that a guest writes tells its `level`. */
  readonly client: HttpClient;
  /**
   * What the standard outputs and files of the instances that answer now are doing: an entry for each, until what it wrote is
   * delivered. None where instances have threads of their own. What bodies are doing, they tell themselves: see `client`.
   */
  levels(): readonly Levels[];
  /** Resolves when all that was begun is answered, and no instance is left. Ask for nothing more then. */
  close(): Promise<void>;
}

type Component = Uint8Array | CompiledComponent;
type Given = ReturnType<OptionsOf> & ServingOptions & { readonly isolate?: "thread" | undefined };

/**
 * @param compiled Makes a component ready.
 * @param isIsolated Whether instances have workers of their own.
 * @throws As `serve` of the package.
 */
export async function serveInPage(
  component: Component,
  options: Given,
  compiled: (component: Component) => Promise<CompiledComponent>,
  isIsolated: (options: Given) => boolean,
): Promise<Server> {
  const checked = await checkedOptions(options, SERVING);
  const { plugs, isolate: _, ...others } = checked;
  const { used, given } = servingOf(others);
  assertStreams(given);
  const user = await compiled(component);
  const serving = new Serving(
    webPlatform,
    user,
    () => given,
    { ...used, plugs: await plugsOf(plugs, compiled, user) },
    isIsolated(checked) ? (await import("./isolate/isolated.ts")).answeringInWorkers(component) : undefined,
  );
  await serving.prepare(() => given);
  return {
    fetch: async (request) => webResponseOf(await serving.answer(incomingOf(request), leavingOf(request.signal))),
    client: { send: (request, signal) => serving.answer(request, leavingOf(signal)) },
    levels: () => serving.levels(),
    close: () => serving.close(),
  };
}

/** Instances of a page in workers: loaded where there is to be one. */
import { bytesOf } from "../../isolate/component-bytes.ts";
import type { CompiledComponent } from "../../../run/component.ts";
import { checkedOptions } from "../../../run/check-options.ts";
import type { RunningInstance } from "../../../run/instantiate.ts";
import type { RunResult } from "../../../run/run.ts";
import type { Elsewhere } from "../../../run/serve/serve.ts";
import { threadedHandlers } from "../../isolate/handlers.ts";
import { instantiateIsolated, runIsolated } from "../../isolate/host.ts";
import type { Options } from "../../isolate/options.ts";
import { webThreads } from "./threads.ts";

interface Given extends Options {
  readonly isolate?: "thread" | undefined;
}

type Component = Uint8Array | CompiledComponent;

/** As `instantiate`. */
export async function instantiateInWorker(component: Component, options: Given): Promise<RunningInstance> {
  return instantiateIsolated(webThreads, bytesOf(component), await checked(options));
}

/** As `run`. */
export async function runInWorker(component: Component, options: Given): Promise<RunResult> {
  return runIsolated(webThreads, bytesOf(component), await checked(options));
}

/** What answers requests in workers. */
export function answeringInWorkers(component: Component): Elsewhere {
  return threadedHandlers(webThreads, bytesOf(component), undefined);
}

/** @throws {TypeError} For an option that makes no sense, before a worker begins. */
async function checked(options: Given): Promise<Options> {
  const { isolate: _, ...given } = await checkedOptions(options);
  return given;
}

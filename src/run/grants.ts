/** What only some instances are given, and is loaded for those alone. */
import { isObject } from "../io/shape.ts";
import { limitsFrom } from "./given-limits.ts";
import { isNoPlainSink, isNoPlainSource } from "../io/plain-ports.ts";
import type { Tracing } from "../bind/instance.ts";
import type { MonotonicClock, WallClock } from "../wasi/clocks/clocks.ts";
import type { HttpClient } from "../wasi/http/exchange.ts";
import { isOurs } from "../wasi/filesystem/files.ts";
import type { Network } from "../wasi/sockets/network.ts";
import type { InstanceOptions } from "./options.ts";
import type { Platform } from "./platform.ts";
import { given } from "./world.ts";

/** What is there before the life of an instance begins. */
export interface Grants {
  readonly network?: Network | undefined;
  readonly http?: HttpClient | undefined;
  /** The embedder's own, checked. */
  readonly monotonicClock?: MonotonicClock | undefined;
  readonly wallClock?: WallClock | undefined;
  readonly tracing?: Tracing | undefined;
}

/** Gives them at once where there are none, or they are known. @throws {TypeError} If the platform lacks what is to be given. */
export function grantsOf(platform: Platform, options: InstanceOptions<unknown, unknown>): Grants | Promise<Grants> {
  const { network = false, http = false, monotonicClock, wallClock, trace } = options;
  const { known } = platform;
  const clients = known?.httpOf(http);
  const networks = known?.networkOf(network);
  const isKnown =
    (network === false || networks) && (http === false || clients) && !monotonicClock && !wallClock && !trace;
  if (!isKnown || needsChecks(platform, options) || needsStreams(platform, options)) return fetched(platform, options);
  if (!clients && !networks) return NONE;
  return { http: clients?.(limitsFrom(options.limits).sockets), network: networks?.() };
}

const NONE: Grants = {};

/** Whether it is given a file system that is none of ours, by who has to load what checks them. */
function needsChecks({ checks }: Platform, { preopens = {} }: InstanceOptions<unknown, unknown>): boolean {
  if (!checks) return false;
  return Object.values(preopens).some((value) => {
    const { directory } = given(value);
    return !(isObject(directory) && isOurs(directory));
  });
}

/** Whether it is given more than bytes, text and functions, which there has to be code for. */
function needsStreams({ streams }: Platform, options: InstanceOptions<unknown, unknown>): boolean {
  const { stdin, stdout, stderr } = options;
  return streams !== undefined && (isNoPlainSource(stdin) || isNoPlainSink(stdout) || isNoPlainSink(stderr));
}

/** To be waited for before directories and streams are opened. */
export async function loadOpeners(platform: Platform, options: InstanceOptions<unknown, unknown>): Promise<void> {
  if (needsChecks(platform, options)) await platform.checks?.load();
  if (needsStreams(platform, options)) (await platform.streams?.load())?.assertStreams(options);
}

async function fetched(platform: Platform, options: InstanceOptions<unknown, unknown>): Promise<Grants> {
  const { network = false, http = false, limits, monotonicClock, wallClock, trace } = options;
  await loadOpeners(platform, options);
  const clocks = monotonicClock || wallClock ? await import("../wasi/clocks/checked-clocks.ts") : undefined;
  return {
    monotonicClock: monotonicClock && clocks?.checkedMonotonicClock(monotonicClock),
    wallClock: wallClock && clocks?.checkedWallClock(wallClock),
    tracing: trace && (await import("../bind/tracing.ts")).tracingOf(trace),
    ...(network === false && http === false
      ? NONE
      : await (await import("./network-grants.ts")).networkGrants(platform, network, http, limitsFrom(limits).sockets)),
  };
}

/** What only some instances are given, and is loaded for those alone. */
import { limitsFrom } from "../io/limits.ts";
import type { Tracing } from "../bind/instance.ts";
import type { MonotonicClock, WallClock } from "../wasi/clocks/clocks.ts";
import type { HttpClient } from "../wasi/http/exchange.ts";
import type { Network } from "../wasi/sockets/network.ts";
import type { InstanceOptions } from "./options.ts";
import type { Platform } from "./platform.ts";

/** What is there before the life of an instance begins. */
export interface Grants {
  readonly network?: Network | undefined;
  readonly http?: HttpClient | undefined;
  /** The embedder's own, checked. */
  readonly monotonicClock?: MonotonicClock | undefined;
  readonly wallClock?: WallClock | undefined;
  readonly tracing?: Tracing | undefined;
}

/** Gives them at once where there are none. @throws {TypeError} If the platform lacks what is to be given. */
export function grantsOf(platform: Platform, options: InstanceOptions<unknown, unknown>): Grants | Promise<Grants> {
  const { network = false, http = false, monotonicClock, wallClock, trace } = options;
  const isNothing = network === false && http === false && !monotonicClock && !wallClock && !trace;
  return isNothing ? NONE : fetched(platform, options);
}

const NONE: Grants = {};

async function fetched(
  platform: Platform,
  { network = false, http = false, limits, monotonicClock, wallClock, trace }: InstanceOptions<unknown, unknown>,
): Promise<Grants> {
  const clocks = monotonicClock || wallClock ? await import("../wasi/clocks/checked-clocks.ts") : undefined;
  return {
    monotonicClock: monotonicClock && clocks?.checkedMonotonicClock(monotonicClock),
    wallClock: wallClock && clocks?.checkedWallClock(wallClock),
    tracing: trace && (await import("../bind/tracing.ts")).tracingOf(trace),
    network: network === false ? undefined : await (await import("./network.ts")).networkOf(platform, network),
    http: http === false ? undefined : await (await import("./http.ts")).httpOf(platform, http, limitsFrom(limits)),
  };
}

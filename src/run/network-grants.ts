/** Networks and clients of HTTP, for instances that have options for them. */
import type { Network } from "../wasi/sockets/network.ts";
import type { Grants } from "./grants.ts";
import type { HttpOption, MakeClient } from "./http.ts";
import type { MakeNetwork } from "./network.ts";
import type { NetworkOptions } from "./options.ts";
import type { Platform } from "./platform.ts";

/**
 * What was made of the options `http` and `network` of instances before: many are given the same, as those that answer requests
 * are. They are looked at once, and no module has to be waited for then.
 */
export class KnownGrants {
  readonly http: Map<unknown, MakeClient> = new Map();
  readonly network: Map<unknown, MakeNetwork> = new Map();
}

/**
 * @param maxExchanges Requests that an instance has under way at a time.
 * @throws {TypeError} For an option that makes no sense, or if the platform lacks what is to be given.
 */
export async function networkGrants(
  platform: Platform,
  network: boolean | NetworkOptions,
  http: HttpOption | false,
  maxExchanges: number,
): Promise<Pick<Grants, "network" | "http">> {
  return {
    network: network === false ? undefined : await networkFor(platform, network),
    http: http === false ? undefined : (await clientsFor(platform, http))(maxExchanges),
  };
}

async function networkFor(platform: Platform, option: true | NetworkOptions): Promise<Network> {
  const networks = await (await import("./network.ts")).networksOf(platform, option);
  const network = networks();
  // One that has an end is the embedder's, and each instance tells of what it throws.
  if (!network.close) platform.known?.network.set(option, networks);
  return network;
}

async function clientsFor(platform: Platform, option: HttpOption): Promise<MakeClient> {
  const clients = await (await import("./http.ts")).clientsOf(platform, option);
  platform.known?.http.set(option, clients);
  return clients;
}

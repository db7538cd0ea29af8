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
  readonly #http = new WeakMap<object, MakeClient>();
  readonly #network = new WeakMap<object, MakeNetwork>();

  httpOf(option: HttpOption | false): MakeClient | undefined {
    return option === false ? undefined : this.#http.get(this.#keyOf(option));
  }

  networkOf(option: boolean | NetworkOptions): MakeNetwork | undefined {
    return option === false ? undefined : this.#network.get(this.#keyOf(option));
  }

  keepHttp(option: HttpOption, clients: MakeClient): void {
    this.#http.set(this.#keyOf(option), clients);
  }

  keepNetwork(option: true | NetworkOptions, networks: MakeNetwork): void {
    this.#network.set(this.#keyOf(option), networks);
  }

  /** What each instance has anew, as one in a thread of its own does, is let go of with it. */
  #keyOf(option: true | object): object {
    return option === true ? this : option;
  }
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
  if (!network.close) platform.known?.keepNetwork(option, networks);
  return network;
}

async function clientsFor(platform: Platform, option: HttpOption): Promise<MakeClient> {
  const clients = await (await import("./http.ts")).clientsOf(platform, option);
  platform.known?.keepHttp(option, clients);
  return clients;
}

/**
 * `wasi:sockets` for components that jco transpiles: `--map 'wasi:sockets/*=sluice/sockets#*'`, together with `sluice/io`.
 * A guest has no network before `grantNetwork` has been called.
 *
 * @module
 */
import { loadInterfaces } from "../bind/interfaces.ts";
import { nodePlatform } from "../hosts/node/platform.ts";
import { networkOf } from "../run/network.ts";
import type { NetworkOptions } from "../run/options.ts";
import { provide, setNetwork } from "./world.ts";

await loadInterfaces(["wasi:sockets/tcp"]);

/**
 * Says what the guests of this process may do on the network: nothing, everything, or what is said. Holds once it resolves,
 * for sockets that are made and names that are looked up.
 *
 * @throws {TypeError} For rules that are none.
 */
export async function grantNetwork(option: boolean | NetworkOptions): Promise<void> {
  setNetwork(option === false ? undefined : await networkOf(nodePlatform, option));
}

/** @see WASI 0.2 `wasi:sockets/network` */
export const network: Record<string, unknown> = provide("wasi:sockets/network");
/** @see WASI 0.2 `wasi:sockets/instance-network` */
export const instanceNetwork: Record<string, unknown> = provide("wasi:sockets/instance-network");
/** @see WASI 0.2 `wasi:sockets/tcp` */
export const tcp: Record<string, unknown> = provide("wasi:sockets/tcp");
/** @see WASI 0.2 `wasi:sockets/tcp-create-socket` */
export const tcpCreateSocket: Record<string, unknown> = provide("wasi:sockets/tcp-create-socket");
/** @see WASI 0.2 `wasi:sockets/udp` */
export const udp: Record<string, unknown> = provide("wasi:sockets/udp");
/** @see WASI 0.2 `wasi:sockets/udp-create-socket` */
export const udpCreateSocket: Record<string, unknown> = provide("wasi:sockets/udp-create-socket");
/** @see WASI 0.2 `wasi:sockets/ip-name-lookup` */
export const ipNameLookup: Record<string, unknown> = provide("wasi:sockets/ip-name-lookup");

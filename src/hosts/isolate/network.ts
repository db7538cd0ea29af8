/** A network of one thread, for a guest in another. */
import type { AddressCheck, NetworkPorts } from "../../wasi/sockets/network.ts";
import type { Link } from "./link.ts";
import { OpenTcp, RemoteTcp } from "./tcp.ts";
import { OpenUdp, RemoteUdp } from "./udp.ts";

/**
 * In the thread of the network. Gives what ends all of it.
 *
 * @param datagramBytes As `limits.datagramBytes`.
 */
export function serveNetwork(link: Link, ports: NetworkPorts, datagramBytes: number): (reason: unknown) => void {
  const tcp = new OpenTcp(link, ports.tcp);
  const udp = new OpenUdp(link, ports.udp, datagramBytes);
  link.answer({ lookup: (name: string) => ports.lookup.lookup(name) });
  return (reason) => {
    tcp.release(reason);
    udp.release();
  };
}

/** In the thread of the guest. */
export function remoteNetwork(link: Link): NetworkPorts {
  return {
    tcp: new RemoteTcp(link),
    udp: new RemoteUdp(link),
    // What the port gives.
    lookup: { lookup: (name) => link.call("lookup", name) as Promise<readonly string[]> },
  };
}

/** In the thread of the guest: what is asked in the other one. */
export function remoteCheck(link: Link): AddressCheck {
  return (address, use) => link.call("check", address, use) as Promise<boolean>;
}

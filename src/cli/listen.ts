import type { Server } from "node:net";
import type { BoundSocketClass } from "../hosts/node/net/tcp.ts";

/** Has a server listen, and resolves when it does. */
export function listenAt(server: Server, host: string, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    const handle = bound(host, port);
    // A handle stands in the place of a port and a host.
    if (handle) server.listen(handle, resolve);
    else server.listen(port, host, resolve);
  });
}

/**
 * A socket at an address. Where Node is told to listen at one it looks that up like a name, and has to load what looks names up:
 * a twentieth of a start. Nothing where only that will do, or where this fails: Node then says why.
 */
function bound(host: string, port: number): object | undefined {
  const net = process.getBuiltinModule("node:net");
  const { BoundSocket } = net as { readonly BoundSocket?: BoundSocketClass };
  // What several processes share is the first one's.
  if (!BoundSocket || net.isIP(host) === 0 || process.connected) return undefined;
  try {
    return new BoundSocket({ host, port, ipv6Only: false });
  } catch {
    return undefined;
  }
}

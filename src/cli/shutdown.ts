/** `sluice serve --shutdown-addr`: whoever connects there ends the server, as SIGTERM does. */
import type { AddressInfo } from "node:net";
import { inUrl } from "./address.ts";
import { listenAt } from "./listen.ts";
import { say } from "./write.ts";

/**
 * Listens there, and calls back for each connection. It keeps no process alive.
 *
 * @throws {UsageError} If the system does not let it.
 */
export async function onConnection(
  { host, port }: { readonly host: string; readonly port: number },
  callback: () => void,
): Promise<void> {
  const server = process.getBuiltinModule("node:net").createServer((socket) => {
    socket.destroy();
    callback();
  });
  await listenAt(server, host, port, "--shutdown-addr");
  server.unref();
  // It listens at an address and a port.
  const at = server.address() as AddressInfo;
  say(`Listening for shutdown on tcp://${inUrl(at.address)}:${at.port}/\n`);
}

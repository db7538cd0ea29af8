/** All interfaces of `wasi:sockets`. */
import type { Interface } from "../definition.ts";
import { ipNameLookup } from "./ip-name-lookup.ts";
import { instanceNetwork, networkInterface } from "./network.ts";
import { tcp, tcpCreateSocket } from "./tcp.ts";
import { udp, udpCreateSocket } from "./udp.ts";

export const SOCKET_INTERFACES: readonly Interface[] = [
  networkInterface,
  instanceNetwork,
  tcp,
  tcpCreateSocket,
  udp,
  udpCreateSocket,
  ipNameLookup,
];

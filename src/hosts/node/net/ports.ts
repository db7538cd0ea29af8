import type { NetworkPorts } from "../../../wasi/sockets/network.ts";
import { nodeLookup } from "./lookup.ts";
import { nodeTcp } from "./tcp.ts";
import { nodeUdp } from "./udp.ts";

/** The network of the system. */
export const nodeNetwork: NetworkPorts = { tcp: nodeTcp, udp: nodeUdp, lookup: nodeLookup };

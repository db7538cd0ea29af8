/** All interfaces of `wasi:sockets` 0.3. */
import { defineInterface, type Interface } from "../../definition.ts";
import { ipNameLookup } from "./ip-name-lookup.ts";
import { TCP_SOCKET, tcpFunctions } from "./tcp.ts";
import { UDP_SOCKET, udpFunctions } from "./udp.ts";

/** @see WASI 0.3 `wasi:sockets/types` */
const types: Interface = defineInterface("wasi:sockets/types", () => ({ ...tcpFunctions(), ...udpFunctions() }), [
  TCP_SOCKET,
  UDP_SOCKET,
]);

export const P3_SOCKET_INTERFACES: readonly Interface[] = [types, ipNameLookup];

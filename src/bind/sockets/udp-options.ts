/** What a guest asks and sets of a UDP socket, in each version of `wasi:sockets`. */
import { length, u8 } from "../../abi/scalars.ts";
import type { UdpSocket } from "../../wasi/sockets/udp-socket.ts";
import type { Interface } from "../definition.ts";
import { addressFunctions, option, type Dialect } from "./dialect.ts";

export function udpOptions<Self>(dialect: Dialect<UdpSocket, Self>): Interface["functions"] {
  const buffer = (which: "receive" | "send"): Interface["functions"] =>
    option(
      dialect,
      `${which}-buffer-size`,
      length,
      (socket) => socket.bufferSize(which),
      (socket, bytes) => socket.setBufferSize(which, bytes),
    );
  return {
    ...addressFunctions(dialect),
    ...option(
      dialect,
      "unicast-hop-limit",
      u8,
      (socket) => socket.hopLimit(),
      (socket, hops) => socket.setHopLimit(hops),
    ),
    ...buffer("receive"),
    ...buffer("send"),
  };
}

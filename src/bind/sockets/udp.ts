/** `wasi:sockets` 0.2: UDP, as a guest calls it. */
import { record, tuple } from "../../abi/composites.ts";
import { bytes, list } from "../../abi/lists.ts";
import { borrow, borrowEntry, own } from "../../abi/owned.ts";
import { Kind, type Entry } from "../../abi/resources.ts";
import { returns } from "../../abi/returns.ts";
import { length } from "../../abi/scalars.ts";
import { option } from "../../abi/variants.ts";
import type { Readiness } from "../../io/readiness.ts";
import type { Steps } from "../../io/steps.ts";
import type { Family, SocketAddress } from "../../wasi/sockets/address.ts";
import type { IncomingDatagrams } from "../../wasi/sockets/udp-incoming.ts";
import type { OutgoingDatagrams } from "../../wasi/sockets/udp-outgoing.ts";
import type { UdpSocket } from "../../wasi/sockets/udp-socket.ts";
import { blocking, call, defineInterface, type Definition, type Interface } from "../definition.ts";
import type { Instance } from "../instance.ts";
import { addPollable, POLLABLE } from "../io.ts";
import { openUdpSocket, talliesOf } from "./held.ts";
import { family, network, socketAddress, socketResult } from "./types.ts";
import { udpOptions } from "./udp-options.ts";

const UDP_SOCKET: Kind<UdpSocket> = new Kind("udp-socket");
const INCOMING: Kind<IncomingDatagrams> = new Kind("incoming-datagram-stream");
const OUTGOING: Kind<OutgoingDatagrams> = new Kind("outgoing-datagram-stream");

const self = borrow(UDP_SOCKET);
const unit = socketResult<void>(null);
const size = socketResult(length);
const isZero = (count: number): boolean => count === 0;

const incomingDatagram = record({ data: bytes, "remote-address": socketAddress });
const outgoingDatagram = record({ data: bytes, "remote-address": option(socketAddress) });

function create(instance: Instance, of: Family): Entry {
  const { socket, release } = openUdpSocket(instance, of);
  return instance.resources.add(UDP_SOCKET, socket, () => {
    release();
    socket.drop();
  });
}

/** Both are children of their socket (10.3). */
function* stream(instance: Instance, entry: Entry, remote: SocketAddress | undefined): Steps<[Entry, Entry]> {
  // The entry is of this kind, by the type of the parameter.
  const [incoming, outgoing] = yield* (entry.value as UdpSocket).stream(remote, talliesOf(instance));
  const { resources } = instance;
  return [
    resources.add(INCOMING, incoming, () => incoming.drop(), entry),
    resources.add(OUTGOING, outgoing, () => outgoing.drop(), entry),
  ];
}

function subscribe<T>(kind: Kind<T>, readiness: (value: T) => Readiness): Definition {
  return call([borrowEntry(kind)], returns(own(POLLABLE)), (instance, entry) =>
    // As above.
    addPollable(instance, readiness(entry.value as T), entry),
  );
}

const socketFunctions = (): Interface["functions"] => ({
  "[method]udp-socket.start-bind": blocking([self, network, socketAddress], unit, (_, socket, __, address) =>
    socket.startBind(address),
  ),
  "[method]udp-socket.finish-bind": call([self], unit, (_, socket) => socket.finishBind()),
  "[method]udp-socket.stream": blocking(
    [borrowEntry(UDP_SOCKET), option(socketAddress)],
    socketResult(tuple(own(INCOMING), own(OUTGOING))),
    stream,
  ),
  "[method]udp-socket.subscribe": subscribe(UDP_SOCKET, ({ readiness }) => readiness),
});

const streamFunctions = (): Interface["functions"] => ({
  "[method]incoming-datagram-stream.receive": call(
    [borrow(INCOMING), length],
    socketResult(list(incomingDatagram)),
    (_, incoming, max) => incoming.receive(max).map(({ data, from }) => ({ data, remoteAddress: from })),
    { idle: (datagrams) => datagrams.length === 0 },
  ),
  "[method]incoming-datagram-stream.subscribe": subscribe(INCOMING, (incoming) => incoming),
  "[method]outgoing-datagram-stream.check-send": call([borrow(OUTGOING)], size, (_, outgoing) => outgoing.checkSend(), {
    idle: isZero,
  }),
  "[method]outgoing-datagram-stream.send": blocking(
    [borrow(OUTGOING), list(outgoingDatagram)],
    size,
    (_, outgoing, datagrams) => outgoing.send(datagrams.map(({ data, remoteAddress: to }) => ({ data, to }))),
  ),
  "[method]outgoing-datagram-stream.subscribe": subscribe(OUTGOING, (outgoing) => outgoing),
});

/** @see WASI 0.2 `wasi:sockets/udp` */
export const udp: Interface = defineInterface(
  "wasi:sockets/udp",
  () => ({
    ...socketFunctions(),
    ...udpOptions({ resource: "udp-socket", self, socketOf: (socket) => socket, socketResult, get: "" }),
    ...streamFunctions(),
  }),
  [UDP_SOCKET, INCOMING, OUTGOING],
);

/** @see WASI 0.2 `wasi:sockets/udp-create-socket` */
export const udpCreateSocket: Interface = defineInterface("wasi:sockets/udp-create-socket", () => ({
  "create-udp-socket": call([family], socketResult(own(UDP_SOCKET)), create),
}));

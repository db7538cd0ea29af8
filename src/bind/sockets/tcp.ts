/** `wasi:sockets` 0.2: TCP, as a guest calls it. */
import { tuple } from "../../abi/composites.ts";
import { borrow, borrowEntry, own } from "../../abi/owned.ts";
import { Kind, type Entry } from "../../abi/resources.ts";
import { returns } from "../../abi/returns.ts";
import { bool, length, u32, u8 } from "../../abi/scalars.ts";
import { enumeration } from "../../abi/variants.ts";
import type { Outlet } from "../../io/outlet.ts";
import type { Family } from "../../wasi/sockets/address.ts";
import { SocketError } from "../../wasi/sockets/error-code.ts";
import { TcpSocket } from "../../wasi/sockets/tcp-socket.ts";
import type { TcpStreams } from "../../wasi/sockets/tcp-streams.ts";
import { blocking, call, defineInterface, type Interface } from "../definition.ts";
import type { Instance } from "../instance.ts";
import { addPollable, INPUT_STREAM, OUTPUT_STREAM, POLLABLE } from "../io.ts";
import { family, network, socketAddress, socketResult } from "./types.ts";

const TCP_SOCKET: Kind<TcpSocket> = new Kind("tcp-socket");

const self = borrow(TCP_SOCKET);
const entry = borrowEntry(TCP_SOCKET);
const unit = socketResult<void>(null);
const address = socketResult(socketAddress);
const size = socketResult(length);
const NS_PER_SECOND = 1e9;

function create(instance: Instance, of: Family): Entry {
  const { network: granted, limits, permits } = instance.world;
  if (!granted?.tcp) throw new SocketError("access-denied", "no TCP is granted");
  const { tcp: port, check } = granted;
  return added(instance, () => TcpSocket.create(port, of, check, { ...limits, permits }));
}

/** Counts a socket, and makes it the guest's. */
function added(instance: Instance, make: () => TcpSocket): Entry {
  const release = instance.openSocket();
  let socket: TcpSocket | undefined;
  const drop = (): void => {
    release();
    socket?.drop();
  };
  try {
    socket = make();
    return instance.resources.add(TCP_SOCKET, socket, drop);
  } catch (error) {
    drop();
    throw error;
  }
}

/** Both are children of their socket. What is written is delivered when the instance ends, as all that is. */
function streamsOf(instance: Instance, socket: Entry, { input, output, outlet }: TcpStreams): [Entry, Entry] {
  const { resources } = instance;
  instance.outlets.add(outlet);
  return [
    resources.add(INPUT_STREAM, input, () => input.drop(), socket),
    resources.add(OUTPUT_STREAM, output, () => output.drop(), socket),
  ];
}

function forgetIn(instance: Instance): (outlet: Outlet) => void {
  return (outlet) => void instance.outlets.delete(outlet);
}

function connected(instance: Instance, socket: Entry): [Entry, Entry] {
  // The entry is of this kind, by the type of the parameter.
  return streamsOf(instance, socket, (socket.value as TcpSocket).finishConnect(forgetIn(instance)));
}

function accepted(instance: Instance, listener: Entry): [Entry, Entry, Entry] {
  let streams: TcpStreams | undefined;
  const socket = added(instance, () => {
    // As above.
    const found = (listener.value as TcpSocket).accept(forgetIn(instance));
    ({ streams } = found);
    return found.socket;
  });
  if (!streams) throw new Error("A connection has streams");
  return [socket, ...streamsOf(instance, socket, streams)];
}

const stateFunctions = (): Interface["functions"] => ({
  "[method]tcp-socket.start-bind": blocking([self, network, socketAddress], unit, (_, socket, __, local) =>
    socket.startBind(local),
  ),
  "[method]tcp-socket.finish-bind": call([self], unit, (_, socket) => socket.finishBind()),
  "[method]tcp-socket.start-connect": call([self, network, socketAddress], unit, (_, socket, __, remote) =>
    socket.startConnect(remote),
  ),
  "[method]tcp-socket.finish-connect": call(
    [entry],
    socketResult(tuple(own(INPUT_STREAM), own(OUTPUT_STREAM))),
    connected,
  ),
  "[method]tcp-socket.start-listen": blocking([self], unit, (_, socket) => socket.startListen()),
  "[method]tcp-socket.finish-listen": call([self], unit, (_, socket) => socket.finishListen()),
  "[method]tcp-socket.accept": call(
    [entry],
    socketResult(tuple(own(TCP_SOCKET), own(INPUT_STREAM), own(OUTPUT_STREAM))),
    accepted,
  ),
  "[method]tcp-socket.local-address": call([self], address, (_, socket) => socket.localAddress()),
  "[method]tcp-socket.remote-address": call([self], address, (_, socket) => socket.remoteAddress()),
  "[method]tcp-socket.is-listening": call([self], returns(bool), (_, socket) => socket.isListening),
  "[method]tcp-socket.address-family": call([self], returns(family), (_, socket) => socket.family),
  "[method]tcp-socket.subscribe": call([entry], returns(own(POLLABLE)), (instance, socket) =>
    // As above.
    addPollable(instance, socket.value as TcpSocket, socket),
  ),
  "[method]tcp-socket.shutdown": call([self, enumeration("receive", "send", "both")], unit, (_, socket, how) =>
    socket.shutdown(how),
  ),
});

const optionFunctions = (): Interface["functions"] => ({
  "[method]tcp-socket.set-listen-backlog-size": call([self, length], unit, (_, socket, value) =>
    socket.setBacklog(value),
  ),
  "[method]tcp-socket.keep-alive-enabled": call([self], socketResult(bool), (_, { options }) => options.keepAlive),
  "[method]tcp-socket.set-keep-alive-enabled": call([self, bool], unit, (_, socket, value) =>
    socket.setKeepAlive(value),
  ),
  "[method]tcp-socket.keep-alive-idle-time": call(
    [self],
    size,
    (_, { options }) => options.keepAliveIdle * NS_PER_SECOND,
  ),
  "[method]tcp-socket.set-keep-alive-idle-time": call([self, length], unit, (_, socket, value) =>
    socket.setKeepAliveTime("keepAliveIdle", value),
  ),
  "[method]tcp-socket.keep-alive-interval": call(
    [self],
    size,
    (_, { options }) => options.keepAliveInterval * NS_PER_SECOND,
  ),
  "[method]tcp-socket.set-keep-alive-interval": call([self, length], unit, (_, socket, value) =>
    socket.setKeepAliveTime("keepAliveInterval", value),
  ),
  "[method]tcp-socket.keep-alive-count": call([self], socketResult(u32), (_, { options }) => options.keepAliveCount),
  "[method]tcp-socket.set-keep-alive-count": call([self, u32], unit, (_, socket, value) =>
    socket.setKeepAliveCount(value),
  ),
  "[method]tcp-socket.hop-limit": call([self], socketResult(u8), (_, { options }) => options.hopLimit),
  "[method]tcp-socket.set-hop-limit": call([self, u8], unit, (_, socket, value) => socket.setHopLimit(value)),
  "[method]tcp-socket.receive-buffer-size": call([self], size, (_, { options }) => options.receiveBuffer),
  "[method]tcp-socket.set-receive-buffer-size": call([self, length], unit, (_, socket, value) =>
    socket.setBuffer("receiveBuffer", value),
  ),
  "[method]tcp-socket.send-buffer-size": call([self], size, (_, { options }) => options.sendBuffer),
  "[method]tcp-socket.set-send-buffer-size": call([self, length], unit, (_, socket, value) =>
    socket.setBuffer("sendBuffer", value),
  ),
});

/** @see WASI 0.2 `wasi:sockets/tcp` */
export const tcp: Interface = defineInterface(
  "wasi:sockets/tcp",
  () => ({ ...stateFunctions(), ...optionFunctions() }),
  [TCP_SOCKET],
);

/** @see WASI 0.2 `wasi:sockets/tcp-create-socket` */
export const tcpCreateSocket: Interface = defineInterface("wasi:sockets/tcp-create-socket", () => ({
  "create-tcp-socket": call([family], socketResult(own(TCP_SOCKET)), create),
}));

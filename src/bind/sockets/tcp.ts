/** `wasi:sockets` 0.2: TCP, as a guest calls it. */
import { tuple } from "../../abi/composites.ts";
import { borrow, borrowEntry, own } from "../../abi/owned.ts";
import { Kind, type Entry } from "../../abi/resources.ts";
import { enumeration } from "../../abi/variants.ts";
import { InputStream } from "../../io/input-stream.ts";
import { OutputStream } from "../../io/output-stream.ts";
import type { Family } from "../../wasi/sockets/address.ts";
import type { TcpSocket } from "../../wasi/sockets/tcp-socket.ts";
import type { TcpStreams } from "../../wasi/sockets/tcp-streams.ts";
import { blocking, call, defineInterface, type Interface } from "../definition.ts";
import type { Instance } from "../instance.ts";
import { INPUT_STREAM, OUTPUT_STREAM, subscribe } from "../io.ts";
import { openTcpSocket } from "./held.ts";
import { tcpOptions } from "./tcp-options.ts";
import { family, network, socketAddress, socketResult } from "./types.ts";

const TCP_SOCKET: Kind<TcpSocket> = new Kind("tcp-socket");

const self = borrow(TCP_SOCKET);
const unit = socketResult<void>(null);

function create(instance: Instance, of: Family): Entry {
  const { socket, release } = openTcpSocket(instance, of);
  return addSocket(instance, socket, release);
}

function addSocket({ resources }: Instance, socket: TcpSocket, release: () => void): Entry {
  // It counts until all that was written to it has left.
  const drop = (): void => {
    const rest = socket.drop();
    if (rest) void rest.finally(release);
    else release();
  };
  try {
    return resources.add(TCP_SOCKET, socket, drop);
  } catch (error) {
    drop();
    throw error;
  }
}

/** Both are children of their socket (9.1). What they hold is delivered before the instance is over. */
function addStreams(instance: Instance, socket: Entry, streams: TcpStreams): [Entry, Entry] {
  const { resources, world } = instance;
  const { source, outlet, received } = streams;
  const input = new InputStream(source, world.limits.readBytes, received, () => source.close());
  const output = new OutputStream(outlet, world.permits);
  instance.outlets.add(outlet);
  streams.onSent = () => void instance.outlets.delete(outlet);
  return [resources.add(INPUT_STREAM, input, input, socket), resources.add(OUTPUT_STREAM, output, output, socket)];
}

function finishConnect(instance: Instance, entry: Entry): [Entry, Entry] {
  // The entry is of this kind, by the type of the parameter.
  return addStreams(instance, entry, (entry.value as TcpSocket).finishConnect());
}

function accept(instance: Instance, listener: TcpSocket): [Entry, Entry, Entry] {
  const { socket, release, streams } = listener.accept();
  const entry = addSocket(instance, socket, release);
  return [entry, ...addStreams(instance, entry, streams)];
}

const streamsResult = socketResult(tuple(own(INPUT_STREAM), own(OUTPUT_STREAM)));
const acceptResult = socketResult(tuple(own(TCP_SOCKET), own(INPUT_STREAM), own(OUTPUT_STREAM)));

const socketFunctions = (): Interface["functions"] => ({
  "[method]tcp-socket.start-bind": blocking([self, network, socketAddress], unit, (_, socket, __, address) =>
    socket.startBind(address),
  ),
  "[method]tcp-socket.finish-bind": call([self], unit, (_, socket) => socket.finishBind()),
  "[method]tcp-socket.start-connect": call([self, network, socketAddress], unit, (_, socket, __, address) =>
    socket.startConnect(address),
  ),
  "[method]tcp-socket.finish-connect": call([borrowEntry(TCP_SOCKET)], streamsResult, finishConnect),
  "[method]tcp-socket.start-listen": blocking([self], unit, (_, socket) => socket.startListen()),
  "[method]tcp-socket.finish-listen": call([self], unit, (_, socket) => socket.finishListen()),
  "[method]tcp-socket.accept": call([self], acceptResult, accept),
  "[method]tcp-socket.subscribe": subscribe(TCP_SOCKET),
  "[method]tcp-socket.shutdown": call([self, enumeration("receive", "send", "both")], unit, (_, socket, direction) =>
    socket.shutdown(direction),
  ),
});

/** @see WASI 0.2 `wasi:sockets/tcp` */
export const tcp: Interface = defineInterface(
  "wasi:sockets/tcp",
  () => ({
    ...socketFunctions(),
    ...tcpOptions({ resource: "tcp-socket", self, socketOf: (socket) => socket, socketResult, get: "" }),
  }),
  [TCP_SOCKET],
);

/** @see WASI 0.2 `wasi:sockets/tcp-create-socket` */
export const tcpCreateSocket: Interface = defineInterface("wasi:sockets/tcp-create-socket", () => ({
  "create-tcp-socket": call([family], socketResult(own(TCP_SOCKET)), create),
}));

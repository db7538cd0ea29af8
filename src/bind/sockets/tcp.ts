/** `wasi:sockets` 0.2: TCP, as a guest calls it. */
import { tuple } from "../../abi/composites.ts";
import { borrow, borrowEntry, own } from "../../abi/owned.ts";
import { Kind, type Entry, type Unmade } from "../../abi/resources.ts";
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
  return addSocket(instance, openTcpSocket(instance, of));
}

function addSocket({ resources }: Instance, socket: TcpSocket): Entry {
  return resources.add(TCP_SOCKET, socket, socket);
}

/** The two streams of each connection of an instance: one that is idle has neither. */
class ConnectionStreams implements Unmade {
  readonly #instance: Instance;

  constructor(instance: Instance) {
    this.#instance = instance;
  }

  make(entry: Entry): InputStream | OutputStream {
    const { world, outlets } = this.#instance;
    const streams = streamsOf(entry);
    if (entry.kind === INPUT_STREAM) {
      const { source, received } = streams;
      return new InputStream(source, world.limits.readBytes, received, () => source.close());
    }
    const { outlet } = streams;
    // What it holds is delivered before the instance is over.
    if (!streams.isSent) {
      outlets.set(outlet, undefined);
      streams.onSent = () => void outlets.delete(outlet);
    }
    return new OutputStream(outlet, world.permits);
  }

  dropped(entry: Entry): void {
    if (entry.kind === INPUT_STREAM) streamsOf(entry).source.close();
  }
}

/** @param entry Of one of the two streams. */
function streamsOf({ parent }: Entry): TcpStreams {
  // By `addStreams` it has one, which is its socket.
  const { value } = parent as Entry;
  return (value as TcpSocket).streams();
}

/** One for all connections of an instance: there are many at a time. */
const connectionStreams = new WeakMap<Instance, ConnectionStreams>();

/** Both are children of their socket (9.1). */
function addStreams(instance: Instance, socket: Entry): [Entry, Entry] {
  const { resources } = instance;
  let unmade = connectionStreams.get(instance);
  if (!unmade) connectionStreams.set(instance, (unmade = new ConnectionStreams(instance)));
  return [resources.addUnmade(INPUT_STREAM, unmade, socket), resources.addUnmade(OUTPUT_STREAM, unmade, socket)];
}

function finishConnect(instance: Instance, entry: Entry): [Entry, Entry] {
  // The entry is of this kind, by the type of the parameter.
  (entry.value as TcpSocket).finishConnect();
  return addStreams(instance, entry);
}

function accept(instance: Instance, listener: TcpSocket): [Entry, Entry, Entry] {
  const entry = addSocket(instance, listener.accept());
  return [entry, ...addStreams(instance, entry)];
}

const streamsResult = socketResult(tuple(own(INPUT_STREAM), own(OUTPUT_STREAM)));
const acceptResult = socketResult(tuple(own(TCP_SOCKET), own(INPUT_STREAM), own(OUTPUT_STREAM)));

const socketFunctions = (): Interface["functions"] => ({
  "[method]tcp-socket.start-bind": blocking([self, network, socketAddress], unit, (_, socket, __, address) =>
    socket.startBind(address),
  ),
  "[method]tcp-socket.finish-bind": call([self], unit, (_, socket) => socket.finishBind()),
  "[method]tcp-socket.start-connect": call([self, network, socketAddress], unit, (instance, socket, _, address) => {
    socket.startConnect(address);
    // On one host it is decided by then: who does not wait is told when it asks first, as by a system call.
    instance.task.giveWayNext();
  }),
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

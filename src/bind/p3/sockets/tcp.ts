/** `tcp-socket` of `wasi:sockets/types` 0.3, as a guest calls it. */
import { tuple } from "../../../abi/composites.ts";
import { SharedStream, type SharedFuture } from "../../../abi/copy.ts";
import { elementOf } from "../../../abi/element.ts";
import { borrow, own } from "../../../abi/owned.ts";
import { Kind, type Entry } from "../../../abi/resources.ts";
import { returns } from "../../../abi/returns.ts";
import { u8 } from "../../../abi/scalars.ts";
import { InputStream } from "../../../io/input-stream.ts";
import type { Waker } from "../../../io/readiness.ts";
import type { Steps } from "../../../io/steps.ts";
import { anywhere, type Family, type SocketAddress } from "../../../wasi/sockets/address.ts";
import { SocketError } from "../../../wasi/sockets/error-code.ts";
import type { TcpSocket } from "../../../wasi/sockets/tcp-socket.ts";
import type { TcpStreams } from "../../../wasi/sockets/tcp-streams.ts";
import { blocking, call, type Interface } from "../../definition.ts";
import type { Instance } from "../../instance.ts";
import { ending } from "../../lower.ts";
import { openTcpSocket } from "../../sockets/held.ts";
import { tcpOptions } from "../../sockets/tcp-options.ts";
import { family, socketAddress } from "../../sockets/types.ts";
import { Drain, Feed, future, HostFuture, stream, type Supply } from "../streams.ts";
import { letGo, SharedTcpSocket } from "./shared-tcp.ts";
import { outcome, outcomeOf, socketResult, type Outcome } from "./types.ts";

export const TCP_SOCKET: Kind<SharedTcpSocket> = new Kind("tcp-socket");

const self = borrow(TCP_SOCKET);
const ownSocket = own(TCP_SOCKET);
const unit = socketResult<void>(null);

function addSocket({ resources }: Instance, socket: TcpSocket): Entry {
  return new SharedTcpSocket(socket).hold(resources, TCP_SOCKET);
}

function create(instance: Instance, of: Family): Entry {
  return addSocket(instance, openTcpSocket(instance, of));
}

function* bind({ socket }: SharedTcpSocket, address: SocketAddress): Steps<void> {
  yield* socket.startBind(address);
  socket.finishBind();
}

function* connect({ socket }: SharedTcpSocket, remote: SocketAddress): Steps<void> {
  socket.startConnect(remote);
  try {
    while (!socket.ready()) yield socket;
    socket.finishConnect();
  } finally {
    // Nothing is left of it if the call was given up.
    socket.giveUpConnecting();
  }
}

function* listen(instance: Instance, shared: SharedTcpSocket): Steps<SharedStream> {
  const { socket } = shared;
  if (socket.isFresh) yield* bind(shared, anywhere(socket.family));
  yield* socket.startListen();
  socket.finishListen();
  const held = shared.hold(instance.resources);
  return new Feed(ownSocket, new Arrivals(instance, socket), instance.task, (cause) => {
    letGo(held);
    if (cause !== undefined) instance.fail(cause);
  }).shared;
}

/** The peers of a listening socket, as sockets. */
class Arrivals implements Supply {
  readonly #instance: Instance;
  readonly #listener: TcpSocket;
  /** The guest has yet to get a handle of it. */
  #given: Entry | undefined;

  constructor(instance: Instance, listener: TcpSocket) {
    this.#instance = instance;
    this.#listener = listener;
  }

  /** One at a time: a guest may have no place for it. */
  read(): Entry[] {
    // A peer that could not come is passed over: the stream goes on.
    while (this.#listener.ready()) {
      try {
        this.#given = addSocket(this.#instance, this.#listener.accept());
        return [this.#given];
      } catch (error) {
        if (!(error instanceof SocketError)) throw ending("wasi:sockets/types#[method]tcp-socket.listen", error);
      }
    }
    return [];
  }

  took(): void {
    this.#given = undefined;
  }

  ready(): boolean {
    return this.#listener.ready();
  }

  watch(waker: Waker): void {
    this.#listener.watch(waker);
  }

  unwatch(waker: Waker): void {
    this.#listener.unwatch(waker);
  }

  /** The socket listens on, for as long as it has a handle. */
  drop(): void {
    this.#given?.drop();
  }
}

function send({ outlets, resources, task }: Instance, shared: SharedTcpSocket, data: SharedStream): SharedFuture {
  const ended = new HostFuture<Outcome>(outcome, undefined, data);
  const streams = taken(() => shared.takeSending());
  if (streams instanceof SocketError) {
    data.drop();
    ended.write(outcomeOf(streams));
    return ended.shared;
  }
  const held = shared.hold(resources);
  outlets.set(streams.outlet, undefined);
  streams.onSent = () => void outlets.delete(streams.outlet);
  new Drain(data, streams.outlet, task, (cause) => {
    const over = (): void => {
      ended.write(outcomeOf(cause));
      letGo(held);
    };
    // A guest that ends, whichever way, sends what it has written, as a process does.
    if (data.failure && !task.isEnded) {
      streams.breakOff();
      ended.write(outcomeOf(new SocketError("connection-aborted", "what was to be sent has failed")));
      letGo(held);
      return;
    }
    const rest = streams.finishSending();
    if (rest) void rest.then(over);
    else over();
  }).begin();
  return ended.shared;
}

function receive({ world, resources, task }: Instance, shared: SharedTcpSocket): readonly [SharedStream, SharedFuture] {
  const ended = new HostFuture<Outcome>(outcome);
  const streams = taken(() => shared.takeReceiving());
  if (streams instanceof SocketError) {
    const nothing = new SharedStream(elementOf(u8));
    nothing.drop();
    ended.write(outcomeOf(streams));
    return [nothing, ended.shared];
  }
  const { source, received } = streams;
  const held = shared.hold(resources);
  const input = new InputStream(source, world.limits.readBytes, received, () => source.close());
  const feed = new Feed(u8, input, task, (cause) => {
    ended.write(outcomeOf(cause));
    letGo(held);
  });
  return [feed.shared, ended.shared];
}

/** What is not there any more, or not yet, is for the future to say. */
function taken(take: () => TcpStreams): TcpStreams | SocketError {
  try {
    return take();
  } catch (error) {
    if (error instanceof SocketError) return error;
    throw error;
  }
}

export const tcpFunctions = (): Interface["functions"] => ({
  "[static]tcp-socket.create": call([family], socketResult(ownSocket), create),
  "[method]tcp-socket.bind": blocking([self, socketAddress], unit, (_, shared, address) => bind(shared, address)),
  "[method]tcp-socket.connect": blocking([self, socketAddress], unit, (_, shared, remote) => connect(shared, remote)),
  "[method]tcp-socket.listen": blocking([self], socketResult(stream(ownSocket)), listen),
  "[method]tcp-socket.send": call([self, stream(u8)], returns(future(outcome)), send),
  "[method]tcp-socket.receive": call([self], returns(tuple(stream(u8), future(outcome))), receive),
  ...tcpOptions({ resource: "tcp-socket", self, socketOf: ({ socket }) => socket, socketResult, get: "get-" }),
});

import type { RemoteInfo, Socket, SocketOptions } from "node:dgram";
import type { Family, SocketAddress } from "../../../wasi/sockets/address.ts";
import { NetworkError } from "../../../wasi/sockets/error-code.ts";
import type { SendReport, UdpEvents, UdpHandle, UdpPort } from "../../../wasi/sockets/udp-port.ts";
import { fs } from "../builtins.ts";
import { codeOf, limitStacks, LISTENS, wouldBlock } from "../fd-retry.ts";
import { addressOf, ownText, peerText } from "./address.ts";
import { defaultBufferBytes, defaultHopLimit } from "./defaults.ts";

/** The UDP of the system, by `node:dgram`. */
export const nodeUdp: UdpPort = { open: (family, events) => new NodeUdpHandle(family, events) };

/** What Node has since 26.4: the same calls, done when they return. Their twins take a turn of the event loop. */
interface SyncSocket {
  readonly bindSync?: (options: Place) => unknown;
  readonly connectSync?: (port: number, address: string) => unknown;
}

/** What is inside a socket, as far as it is there. Everything works without it, for more. */
interface Inner {
  /** Null once it is closed. */
  readonly handle?: { readonly fd?: number } | null;
}

/** Linux gives twice what was set: the rest is for its own books. */
const BUFFER_FACTOR = process.platform === "linux" ? 2 : 1;

class NodeUdpHandle implements UdpHandle {
  readonly #family: Family;
  readonly #events: UdpEvents;
  readonly #buffers: Partial<Record<"receive" | "send", number>> = {};
  #hopLimit: number | undefined;
  #socket: Socket | undefined;
  #inner: Inner | undefined;
  /** Where it was bound, with the port that the system chose. */
  #bound: SocketAddress | undefined;
  #isConnected = false;
  #isClosed = false;
  #pending = 0;
  #settles = false;

  constructor(family: Family, events: UdpEvents) {
    this.#family = family;
    this.#events = events;
  }

  bind(address: SocketAddress): void | Promise<void> {
    const where = placeOf(address);
    const socket = this.#make();
    const take = (): void => {
      this.#adopt(socket);
      const { port } = socket.address();
      this.#bound = { ...address, port };
    };
    const bound = bindSocket(socket, where);
    return bound instanceof Promise ? bound.then(take) : take();
  }

  local(): SocketAddress {
    const { address, port } = this.#opened().address();
    return addressOf(address, port, this.#family);
  }

  connect(remote: SocketAddress | undefined): void | Promise<void> {
    const kept = this.#isConnected ? this.#disconnect() : undefined;
    if (!remote) return kept;
    return kept instanceof Promise ? kept.then(() => this.#connect(remote)) : this.#connect(remote);
  }

  send(data: Uint8Array, to: SocketAddress | undefined, report: SendReport): void {
    const socket = this.#opened();
    // One after the other: what waits is before it.
    if (!to && this.#pending === 0 && this.#sendNow(data)) {
      report.left();
      return;
    }
    const host = to && peerText(to);
    this.#pending++;
    let isSentAgain = false;
    const done = (error: Error | null): void => {
      // Bun tells here of who has refused what was sent before, and has not sent this.
      if (to && !isSentAgain && codeOf(error) === "ECONNREFUSED") {
        isSentAgain = true;
        socket.send(data, to.port, host, done);
        return;
      }
      this.#pending--;
      report.left(error ?? undefined);
      if (this.#isClosed && this.#pending === 0) closeSocket(socket);
    };
    if (to) socket.send(data, to.port, host, done);
    else socket.send(data, done);
    // Node sends in the next tick, and tells in the one after that; what it could not send by then waits for room.
    process.nextTick(() => {
      if (!this.#isClosed && waits(socket)) report.queued();
    });
  }

  hopLimit(): number {
    return this.#hopLimit ?? defaultHopLimit();
  }

  setHopLimit(value: number): void {
    this.#socket?.setTTL(value);
    this.#hopLimit = value;
  }

  bufferSize(which: "receive" | "send"): number {
    if (!this.#socket) return this.#buffers[which] ?? defaultBufferBytes(which);
    const bytes = which === "receive" ? this.#socket.getRecvBufferSize() : this.#socket.getSendBufferSize();
    return Math.max(1, Math.floor(bytes / BUFFER_FACTOR));
  }

  setBufferSize(which: "receive" | "send", bytes: number): void {
    this.#buffers[which] = bytes;
    if (this.#socket) setBuffer(this.#socket, which, bytes);
  }

  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    // Node forgets what waits to be sent when it closes.
    if (this.#socket && this.#pending === 0) closeSocket(this.#socket);
  }

  /**
   * Sends it to where the socket is connected to by a call of the system's, which says at once what became of it: Node says so
   * two turns of its queue later, and nothing else is sent meanwhile.
   *
   * @returns Whether it has left.
   * @throws Why it cannot be sent.
   */
  #sendNow(data: Uint8Array): boolean {
    const fd = this.#inner?.handle?.fd ?? -1;
    if (fd < 0) return false;
    const frames = limitStacks(0);
    try {
      fs.writeSync(fd, data);
      return true;
    } catch (error) {
      if (wouldBlock(error)) return false;
      throw error;
    } finally {
      limitStacks(frames);
    }
  }

  #opened(): Socket {
    if (!this.#socket || this.#isClosed) throw new NetworkError("EBADF", "the socket is not open");
    return this.#socket;
  }

  #make(): Socket {
    const options: SocketOptions =
      this.#family === "ipv4" ? { type: "udp4", lookup: noLookup } : { type: "udp6", ipv6Only: true, lookup: noLookup };
    return process.getBuiltinModule("node:dgram").createSocket(options);
  }

  /** From now on it is this one. */
  #adopt(socket: Socket): void {
    if (this.#isClosed) {
      closeSocket(socket);
      throw new NetworkError("EBADF", "the socket is closed");
    }
    this.#socket = socket;
    this.#inner = innerOf(socket);
    socket.on("message", (data: Uint8Array, from: RemoteInfo) => {
      this.#events.received(owned(data), addressOf(from.address, from.port, this.#family));
      this.#settle();
    });
    socket.on("error", (error) => {
      this.#events.failed(error);
      this.#settle();
    });
    for (const which of ["receive", "send"] as const) {
      const bytes = this.#buffers[which];
      if (bytes !== undefined) setBuffer(socket, which, bytes);
    }
    if (this.#hopLimit !== undefined) socket.setTTL(this.#hopLimit);
  }

  /** Datagrams that came together come in one turn: told when all of them are here. */
  #settle(): void {
    if (this.#settles) return;
    this.#settles = true;
    setImmediate(() => {
      this.#settles = false;
      this.#events.settled();
    });
  }

  #connect(remote: SocketAddress): void | Promise<void> {
    const socket = this.#opened();
    const connected = (): void => {
      this.#isConnected = true;
    };
    const { connectSync }: SyncSocket = socket as unknown as SyncSocket;
    if (connectSync) {
      connectSync.call(socket, remote.port, peerText(remote));
      connected();
      return undefined;
    }
    return new Promise<void>((resolve, reject) => {
      // Its callback is told of a failure too.
      socket.connect(remote.port, peerText(remote), ((error?: Error | null) => {
        if (error) {
          reject(error);
          return;
        }
        connected();
        resolve();
      }) as () => void);
    });
  }

  /** Linux takes a port that it chose itself away with the connection: then another socket takes it at once. */
  #disconnect(): void | Promise<void> {
    const old = this.#opened();
    old.disconnect();
    this.#isConnected = false;
    const bound = this.#bound;
    if (!bound || old.address().port === bound.port) return undefined;
    const where = placeOf(bound);
    const socket = this.#make();
    const replace = (): void => {
      closeSocket(old);
      this.#adopt(socket);
    };
    const rebound = bindSocket(socket, where);
    return rebound instanceof Promise ? rebound.then(replace) : replace();
  }
}

/** Missing where others have it otherwise. */
function innerOf(socket: Socket): Inner | undefined {
  const symbol = Object.getOwnPropertySymbols(socket).find(({ description }) => description === "state symbol");
  // Node's types say nothing of it.
  return LISTENS && symbol ? (socket as unknown as Record<symbol, Inner>)[symbol] : undefined;
}

/** Where a socket is bound, as Node has it. */
interface Place {
  readonly address: string;
  readonly port: number;
}

function placeOf(address: SocketAddress): Place {
  return { address: ownText(address), port: address.port };
}

function bindSocket(socket: Socket, where: Place): void | Promise<void> {
  const { bindSync }: SyncSocket = socket as unknown as SyncSocket;
  if (bindSync) {
    try {
      bindSync.call(socket, where);
    } catch (error) {
      closeSocket(socket);
      throw error;
    }
    return undefined;
  }
  return new Promise<void>((resolve, reject) => {
    const failed = (error: Error): void => {
      closeSocket(socket);
      reject(error);
    };
    socket.once("error", failed);
    socket.bind({ ...where, exclusive: true }, () => {
      socket.off("error", failed);
      resolve();
    });
  });
}

/** What has come, in memory that nobody else uses: mostly Node makes some for each datagram. */
function owned({ buffer, length, byteOffset }: Uint8Array): Uint8Array {
  const whole = new Uint8Array(buffer);
  return whole.length === length ? whole : whole.slice(byteOffset, byteOffset + length);
}

function closeSocket(socket: Socket): void {
  socket.removeAllListeners();
  // What it still reports is for nobody.
  socket.on("error", () => {});
  try {
    socket.close();
  } catch {
    // It is closed already.
  }
}

/** Whether something waits for room in the system's buffer; also where nobody knows, as in Deno. */
function waits(socket: Partial<Pick<Socket, "getSendQueueCount">>): boolean {
  return socket.getSendQueueCount === undefined || socket.getSendQueueCount() > 0;
}

function setBuffer(socket: Socket, which: "receive" | "send", bytes: number): void {
  try {
    if (which === "receive") socket.setRecvBufferSize(bytes);
    else socket.setSendBufferSize(bytes);
  } catch (error) {
    // Some systems refuse what others cut to their measure, which is what a guest is promised.
    if (!isNoBuffers(error)) throw error;
  }
}

/** How Node says that a call of the system's for a buffer failed. */
function isNoBuffers(error: unknown): boolean {
  return error instanceof Error && "code" in error && error.code === "ERR_SOCKET_BUFFER_SIZE";
}

/** Addresses are addresses: nobody has to look them up, also not Node. */
const noLookup: NonNullable<SocketOptions["lookup"]> = (host, _options, callback) => {
  callback(null, host, host.includes(":") ? 6 : 4);
};

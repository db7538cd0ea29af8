/* oxlint-disable no-underscore-dangle -- what Node calls it */
/** What is inside a socket and a server of Node's, as far as it is there. Everything works without it, for more. */
import type { Server, Socket, SocketConstructorOpts } from "node:net";
import { addressOf } from "./address.ts";
import type { Family, SocketAddress } from "../../../wasi/sockets/address.ts";
import { Arrivals, landing } from "./tcp-source.ts";

/** A connection as libuv has it. */
export interface Handle {
  /** Negative once it is closed, and on Windows. */
  readonly fd?: number;
  close(): void;
}

interface NamedHandle extends Handle {
  /** Fills `name` in; says what has failed if it is not 0. */
  getpeername(name: { address?: string; port?: number }): number;
  getsockname(name: { address?: string; port?: number }): number;
}

interface WithHandle {
  _handle: Handle | null;
}

type OnConnection = (this: unknown, status: number, connection: NamedHandle) => void;

interface ServerHandle {
  onconnection?: OnConnection;
}

/** A socket, and what it has read: it begins with that before anybody has made a connection of it. */
export interface ReadingSocket {
  readonly socket: Socket;
  readonly arrivals: Arrivals;
}

const { bun, deno } = process.versions as Partial<Record<string, string>>;

/** Whether a handle says, once it is closed, that its descriptor is gone. */
export const HANDLES_KNOW: boolean = bun === undefined;

/** Its descriptor is nowhere else. */
export function handleOf(socket: Socket): Handle | undefined {
  return (socket as unknown as WithHandle)._handle ?? undefined;
}

/** @param handle Something bound, or a connection; missing: nothing yet. */
export function socketOn(handle: object | undefined, arrivals: Arrivals = new Arrivals()): ReadingSocket {
  const { Socket: NodeSocket } = process.getBuiltinModule("node:net");
  const options = {
    ...(handle && { handle }),
    allowHalfOpen: true,
    onread: {
      buffer: landing(),
      callback: (count: number, bytes: Uint8Array) => arrivals.take(bytes.subarray(0, count)),
    },
  };
  // Node takes handles, of which its types say nothing.
  return { socket: new NodeSocket(options as SocketConstructorOpts), arrivals };
}

/** The connection of a socket that a server made, as one that reads as ours do. */
export function takeOver(socket: Socket): ReadingSocket {
  if (!HANDLES_KNOW) return hearing(socket);
  const inner = socket as unknown as WithHandle;
  const handle = inner._handle;
  inner._handle = null;
  return socketOn(handle ?? undefined);
}

/** One that keeps to itself what it is made of: what comes is in buffers of its own. */
function hearing(socket: Socket): ReadingSocket {
  const arrivals = new Arrivals();
  socket.allowHalfOpen = true;
  socket.on("data", (bytes: Uint8Array) => {
    if (!arrivals.take(bytes)) socket.pause();
  });
  socket.resume();
  return { socket, arrivals };
}

/** What the system has accepted, with its addresses. */
export type Accepted = (handle: Handle, remote: SocketAddress, local: () => SocketAddress) => void;

/**
 * Has `server`, which listens, give its connections to `accepted` before it makes sockets of them: an idle one then takes
 * a fifth, and one that comes and goes half of the time. Does nothing where that cannot be: they come as sockets.
 */
export function acceptHandles(server: Server, family: Family, accepted: Accepted): void {
  const inner = (server as unknown as { readonly _handle: ServerHandle | null })._handle;
  const original = inner?.onconnection;
  // Others have some of it by the same names, and not the same arguments.
  if (!inner || !original || bun !== undefined || deno !== undefined) return;
  inner.onconnection = function onconnection(status, connection) {
    if (status !== 0 || !((connection.fd ?? -1) >= 0)) {
      original.call(this, status, connection);
      return;
    }
    const remote = nameOf((name) => connection.getpeername(name), family);
    // One that is gone again has no address any more.
    if (remote) accepted(connection, remote, () => nameOf((name) => connection.getsockname(name), family) ?? remote);
    else connection.close();
  };
}

function nameOf(get: (name: { address?: string; port?: number }) => number, family: Family): SocketAddress | undefined {
  const name: { address?: string; port?: number } = {};
  if (get(name) !== 0 || name.address === undefined) return undefined;
  return addressOf(name.address, name.port ?? 0, family);
}

/** What a guest asks and sets of a socket, which each version of `wasi:sockets` has in a form of its own. */
import { returns, type Returns } from "../../abi/returns.ts";
import type { Type } from "../../abi/type.ts";
import type { Family, SocketAddress } from "../../wasi/sockets/address.ts";
import { call, type Interface } from "../definition.ts";
import { family, socketAddress } from "./types.ts";

export interface Dialect<Socket, Self> {
  /** WIT's name of the resource. */
  readonly resource: "tcp-socket" | "udp-socket";
  /** One that is lent. */
  readonly self: Type<Self, never>;
  readonly socketOf: (self: Self) => Socket;
  /** `result<T, error-code>`. */
  readonly socketResult: <Out>(ok: Type<unknown, Out> | null) => Returns<Out>;
  /** What comes before the name of what is asked for. */
  readonly get: "" | "get-";
}

/** Something that is asked for, and may not be there. */
export function question<Socket, Self, T>(
  { resource, self, socketOf, get, socketResult }: Dialect<Socket, Self>,
  name: string,
  type: Type<unknown, T>,
  answer: (socket: Socket) => T,
): Interface["functions"] {
  return {
    [`[method]${resource}.${get}${name}`]: call([self], socketResult(type), (_, of) => answer(socketOf(of))),
  };
}

/** An option that can be asked for, and set. */
export function option<Socket, Self, T>(
  dialect: Dialect<Socket, Self>,
  name: string,
  type: Type<T>,
  answer: (socket: Socket) => T,
  set: (socket: Socket, value: T) => void,
): Interface["functions"] {
  const { resource, self, socketOf, socketResult } = dialect;
  return {
    ...question(dialect, name, type, answer),
    [`[method]${resource}.set-${name}`]: call([self, type], socketResult<void>(null), (_, of, value) =>
      set(socketOf(of), value),
    ),
  };
}

/** What all sockets have. */
interface Addressed {
  readonly family: Family;
  localAddress(): SocketAddress;
  remoteAddress(): SocketAddress;
}

/** Where a socket is, with whom, and of which family. */
export function addressFunctions<Self>(dialect: Dialect<Addressed, Self>): Interface["functions"] {
  const { resource, self, socketOf, get } = dialect;
  return {
    ...question(dialect, "local-address", socketAddress, (socket) => socket.localAddress()),
    ...question(dialect, "remote-address", socketAddress, (socket) => socket.remoteAddress()),
    [`[method]${resource}.${get}address-family`]: call([self], returns(family), (_, of) => socketOf(of).family),
  };
}

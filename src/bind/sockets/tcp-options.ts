/** The options of a TCP socket, as each version of `wasi:sockets` has them. */
import type { Returns } from "../../abi/returns.ts";
import { bool, length, u32, u64, u8 } from "../../abi/scalars.ts";
import type { Type } from "../../abi/type.ts";
import { changed, nanoseconds } from "../../wasi/sockets/tcp-options.ts";
import type { TcpOptions } from "../../wasi/sockets/tcp-port.ts";
import type { TcpSocket } from "../../wasi/sockets/tcp-socket.ts";
import { call, type Interface } from "../definition.ts";

/** What versions of WASI have in other forms. */
export interface TcpDialect<Self> {
  /** A `tcp-socket` that is lent. */
  readonly self: Type<Self, never>;
  readonly socketOf: (self: Self) => TcpSocket;
  /** `result<T, error-code>`. */
  readonly socketResult: <Out>(ok: Type<unknown, Out> | null) => Returns<Out>;
  /** What comes before the name of an option where it is asked for. */
  readonly get: "" | "get-";
}

export function optionFunctions<Self>(dialect: TcpDialect<Self>): Interface["functions"] {
  const { self, socketOf, socketResult, get: prefix } = dialect;
  const unit = socketResult<void>(null);

  /** An option that can be asked for, and set. */
  function property<T>(
    name: string,
    type: Type<T>,
    get: (options: TcpOptions) => T,
    change: (value: T) => Partial<TcpOptions>,
  ): Interface["functions"] {
    return {
      [`[method]tcp-socket.${prefix}${name}`]: call([self], socketResult(type), (_, of) => get(socketOf(of).options())),
      [`[method]tcp-socket.set-${name}`]: call([self, type], unit, (_, of, value) =>
        socketOf(of).configure(change(value)),
      ),
    };
  }

  return {
    "[method]tcp-socket.set-listen-backlog-size": call([self, length], unit, (_, of, value) =>
      socketOf(of).setBacklog(value),
    ),
    ...property(
      "keep-alive-enabled",
      bool,
      ({ keepAlive }) => keepAlive,
      (keepAlive) => ({ keepAlive }),
    ),
    ...property("keep-alive-idle-time", u64, (options) => nanoseconds(options.keepAliveIdleSeconds), changed.idle),
    ...property(
      "keep-alive-interval",
      u64,
      (options) => nanoseconds(options.keepAliveIntervalSeconds),
      changed.interval,
    ),
    ...property("keep-alive-count", u32, ({ keepAliveCount }) => keepAliveCount, changed.count),
    ...property("hop-limit", u8, ({ hopLimit }) => hopLimit, changed.hopLimit),
    ...property("receive-buffer-size", length, (options) => options.receiveBufferBytes, changed.receiveBuffer),
    ...property("send-buffer-size", length, (options) => options.sendBufferBytes, changed.sendBuffer),
  };
}

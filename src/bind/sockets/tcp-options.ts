/** What a guest asks and sets of a TCP socket, in each version of `wasi:sockets`. */
import { returns } from "../../abi/returns.ts";
import { bool, length, u32, u64, u8 } from "../../abi/scalars.ts";
import type { Type } from "../../abi/type.ts";
import { changed, nanoseconds } from "../../wasi/sockets/tcp-options.ts";
import type { TcpOptions } from "../../wasi/sockets/tcp-port.ts";
import type { TcpSocket } from "../../wasi/sockets/tcp-socket.ts";
import { call, type Interface } from "../definition.ts";
import { addressFunctions, option, type Dialect } from "./dialect.ts";

export function tcpOptions<Self>(dialect: Dialect<TcpSocket, Self>): Interface["functions"] {
  const { self, socketOf, socketResult, get: prefix } = dialect;

  function property<T>(
    name: string,
    type: Type<T>,
    get: (options: TcpOptions) => T,
    change: (value: T) => Partial<TcpOptions>,
  ): Interface["functions"] {
    return option(
      dialect,
      name,
      type,
      (socket) => get(socket.options()),
      (socket, value) => socket.configure(change(value)),
    );
  }

  return {
    ...addressFunctions(dialect),
    [`[method]tcp-socket.${prefix}is-listening`]: call([self], returns(bool), (_, of) => socketOf(of).isListening),
    "[method]tcp-socket.set-listen-backlog-size": call([self, length], socketResult<void>(null), (_, of, value) =>
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

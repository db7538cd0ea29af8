/** `wasi:sockets/tcp` 0.2: every program finds it, and is told that access is denied. */
import { tuple } from "../../abi/composites.ts";
import { borrow, own } from "../../abi/owned.ts";
import { Kind } from "../../abi/resources.ts";
import { returns, type Returns } from "../../abi/returns.ts";
import { bool, u32, u64, u8 } from "../../abi/scalars.ts";
import type { AnyType } from "../../abi/type.ts";
import { enumeration } from "../../abi/variants.ts";
import { SocketError } from "../../wasi/sockets/error-code.ts";
import { call, defineInterface, type Definition, type Interface } from "../definition.ts";
import { INPUT_STREAM, OUTPUT_STREAM, POLLABLE } from "../io.ts";
import { family, network, socketAddress, socketResult } from "./types.ts";

const TCP_SOCKET: Kind<never> = new Kind("tcp-socket");

const unit = socketResult<void>(null);

/** A function that says so. */
function denied<Out>(params: readonly AnyType[], returned: Returns<Out>): Definition {
  return call(params, returned, () => {
    throw new SocketError("access-denied", "no network is granted");
  });
}

/** The methods of a resource that nobody can have: each call traps for its handle. */
function methods(
  kind: Kind<never>,
  functions: Readonly<Record<string, readonly [params: readonly AnyType[], returned: Returns<never>]>>,
): Interface["functions"] {
  return Object.fromEntries(
    Object.entries(functions).map(([name, [params, returned]]) => [
      `[method]${kind.name}.${name}`,
      denied([borrow(kind), ...params], returned),
    ]),
  );
}

/** An option that can be asked for, and set. */
function property(name: string, type: AnyType): Record<string, readonly [readonly AnyType[], Returns<never>]> {
  return { [name]: [[], never(socketResult(type))], [`set-${name}`]: [[type], never(unit)] };
}

/** What nobody returns is of any type. */
function never<T>(returned: Returns<T>): Returns<never> {
  return returned as unknown as Returns<never>;
}

const pollable = never(returns(own(POLLABLE)));
const address = never(socketResult(socketAddress));
const nothing = never(unit);

/** @see WASI 0.2 `wasi:sockets/tcp` */
export const tcp: Interface = defineInterface(
  "wasi:sockets/tcp",
  () =>
    methods(TCP_SOCKET, {
      "start-bind": [[network, socketAddress], nothing],
      "finish-bind": [[], nothing],
      "start-connect": [[network, socketAddress], nothing],
      "finish-connect": [[], never(socketResult(tuple(own(INPUT_STREAM), own(OUTPUT_STREAM))))],
      "start-listen": [[], nothing],
      "finish-listen": [[], nothing],
      accept: [[], never(socketResult(tuple(own(TCP_SOCKET), own(INPUT_STREAM), own(OUTPUT_STREAM))))],
      "local-address": [[], address],
      "remote-address": [[], address],
      "is-listening": [[], never(returns(bool))],
      "address-family": [[], never(returns(family))],
      "set-listen-backlog-size": [[u64], nothing],
      ...property("keep-alive-enabled", bool),
      ...property("keep-alive-idle-time", u64),
      ...property("keep-alive-interval", u64),
      ...property("keep-alive-count", u32),
      ...property("hop-limit", u8),
      ...property("receive-buffer-size", u64),
      ...property("send-buffer-size", u64),
      subscribe: [[], pollable],
      shutdown: [[enumeration("receive", "send", "both")], nothing],
    }),
  [TCP_SOCKET],
);

/** @see WASI 0.2 `wasi:sockets/tcp-create-socket` */
export const tcpCreateSocket: Interface = defineInterface("wasi:sockets/tcp-create-socket", () => ({
  "create-tcp-socket": denied([family], socketResult(own(TCP_SOCKET))),
}));

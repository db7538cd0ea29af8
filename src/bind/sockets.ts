/**
 * `wasi:sockets` 0.2 where no network is granted: every program finds it, and is told that access is denied. Programs in
 * Python, JavaScript or C# import it whether they use it or not.
 */
import { record, tuple } from "../abi/composites.ts";
import { bytes, list } from "../abi/lists.ts";
import { borrow, own } from "../abi/owned.ts";
import { Kind } from "../abi/resources.ts";
import { result, returns, type Returns } from "../abi/returns.ts";
import { bool, length, string, u16, u32, u64, u8 } from "../abi/scalars.ts";
import type { AnyType, Type } from "../abi/type.ts";
import { enumeration, option, variant } from "../abi/variants.ts";
import { WitError } from "../io/errors.ts";
import { call, defineInterface, type Definition, type Interface } from "./definition.ts";
import { INPUT_STREAM, OUTPUT_STREAM, POLLABLE } from "./io.ts";

const NETWORK: Kind<null> = new Kind("network");
const TCP_SOCKET: Kind<never> = new Kind("tcp-socket");
const UDP_SOCKET: Kind<never> = new Kind("udp-socket");
const INCOMING_DATAGRAMS: Kind<never> = new Kind("incoming-datagram-stream");
const OUTGOING_DATAGRAMS: Kind<never> = new Kind("outgoing-datagram-stream");
const ADDRESSES: Kind<never> = new Kind("resolve-address-stream");

const ERROR_CODES = [
  "unknown",
  "access-denied",
  "not-supported",
  "invalid-argument",
  "out-of-memory",
  "timeout",
  "concurrency-conflict",
  "not-in-progress",
  "would-block",
  "invalid-state",
  "new-socket-limit",
  "address-not-bindable",
  "address-in-use",
  "remote-unreachable",
  "connection-refused",
  "connection-reset",
  "connection-aborted",
  "datagram-too-large",
  "name-unresolvable",
  "temporary-resolver-failure",
  "permanent-resolver-failure",
] as const;
type ErrorCode = (typeof ERROR_CODES)[number];

const errorCode = enumeration(...ERROR_CODES);
const family = enumeration("ipv4", "ipv6");
const ipv4 = tuple(u8, u8, u8, u8);
const ipv6 = tuple(u16, u16, u16, u16, u16, u16, u16, u16);
const ipAddress = variant({ ipv4, ipv6 });
const socketAddress = variant({
  ipv4: record({ port: u16, address: ipv4 }),
  ipv6: record({ port: u16, "flow-info": u32, address: ipv6, "scope-id": u32 }),
});

function outcome<Out>(ok: Type<unknown, Out> | null): Returns<Out> {
  // Thrown by `denied`, and only by it.
  return result(ok, errorCode, (payload) => payload as ErrorCode);
}

const unit = outcome<void>(null);
const network = borrow(NETWORK);

/** A function that says so. */
function denied<Out>(
  params: readonly AnyType[],
  returned: Returns<Out>,
  code: ErrorCode = "access-denied",
): Definition {
  return call(params, returned, () => {
    throw new WitError(code, "no network is granted");
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
  return { [name]: [[], never(outcome(type))], [`set-${name}`]: [[type], never(unit)] };
}

/** What nobody returns is of any type. */
function never<T>(returned: Returns<T>): Returns<never> {
  return returned as unknown as Returns<never>;
}

const pollable = never(returns(own(POLLABLE)));
const address = never(outcome(socketAddress));
const nothing = never(unit);

/** @see WASI 0.2 `wasi:sockets/network` */
export const networkInterface: Interface = defineInterface("wasi:sockets/network", () => ({}), [NETWORK]);

/** @see WASI 0.2 `wasi:sockets/instance-network` */
export const instanceNetwork: Interface = defineInterface("wasi:sockets/instance-network", () => ({
  "instance-network": call([], returns(own(NETWORK)), ({ resources }) => resources.add(NETWORK, null)),
}));

/** @see WASI 0.2 `wasi:sockets/tcp` */
export const tcp: Interface = defineInterface(
  "wasi:sockets/tcp",
  () =>
    methods(TCP_SOCKET, {
      "start-bind": [[network, socketAddress], nothing],
      "finish-bind": [[], nothing],
      "start-connect": [[network, socketAddress], nothing],
      "finish-connect": [[], never(outcome(tuple(own(INPUT_STREAM), own(OUTPUT_STREAM))))],
      "start-listen": [[], nothing],
      "finish-listen": [[], nothing],
      accept: [[], never(outcome(tuple(own(TCP_SOCKET), own(INPUT_STREAM), own(OUTPUT_STREAM))))],
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
  "create-tcp-socket": denied([family], outcome(own(TCP_SOCKET))),
}));

/** @see WASI 0.2 `wasi:sockets/udp` */
export const udp: Interface = defineInterface(
  "wasi:sockets/udp",
  () => ({
    ...methods(UDP_SOCKET, {
      "start-bind": [[network, socketAddress], nothing],
      "finish-bind": [[], nothing],
      stream: [[option(socketAddress)], never(outcome(tuple(own(INCOMING_DATAGRAMS), own(OUTGOING_DATAGRAMS))))],
      "local-address": [[], address],
      "remote-address": [[], address],
      "address-family": [[], never(returns(family))],
      ...property("unicast-hop-limit", u8),
      ...property("receive-buffer-size", u64),
      ...property("send-buffer-size", u64),
      subscribe: [[], pollable],
    }),
    ...methods(INCOMING_DATAGRAMS, {
      receive: [[u64], never(outcome(list(record({ data: bytes, "remote-address": socketAddress }))))],
      subscribe: [[], pollable],
    }),
    ...methods(OUTGOING_DATAGRAMS, {
      "check-send": [[], never(outcome(length))],
      send: [[list(record({ data: bytes, "remote-address": option(socketAddress) }))], never(outcome(length))],
      subscribe: [[], pollable],
    }),
  }),
  [UDP_SOCKET, INCOMING_DATAGRAMS, OUTGOING_DATAGRAMS],
);

/** @see WASI 0.2 `wasi:sockets/udp-create-socket` */
export const udpCreateSocket: Interface = defineInterface("wasi:sockets/udp-create-socket", () => ({
  "create-udp-socket": denied([family], outcome(own(UDP_SOCKET))),
}));

/** @see WASI 0.2 `wasi:sockets/ip-name-lookup` */
export const ipNameLookup: Interface = defineInterface(
  "wasi:sockets/ip-name-lookup",
  () => ({
    ...methods(ADDRESSES, {
      "resolve-next-address": [[], never(outcome(option(ipAddress)))],
      subscribe: [[], pollable],
    }),
    "resolve-addresses": denied([network, string], outcome(own(ADDRESSES)), "permanent-resolver-failure"),
  }),
  [ADDRESSES],
);

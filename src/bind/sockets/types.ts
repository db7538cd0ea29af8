/** The types that all of `wasi:sockets` 0.2 shares, and what they are in JavaScript. */
import { record, tuple } from "../../abi/composites.ts";
import { mapped } from "../../abi/mapped.ts";
import { borrow } from "../../abi/owned.ts";
import { Kind } from "../../abi/resources.ts";
import { result, type Returns } from "../../abi/returns.ts";
import { u16, u32, u8 } from "../../abi/scalars.ts";
import type { InOf, OutOf, Type } from "../../abi/type.ts";
import { enumeration, variant } from "../../abi/variants.ts";
import {
  ipv4Bytes,
  ipv4Text,
  ipv6Groups,
  ipv6Text,
  type IpAddress,
  type SocketAddress,
} from "../../wasi/sockets/address.ts";
import { ERROR_CODES, type ErrorCode } from "../../wasi/sockets/error-code.ts";

export const NETWORK: Kind<null> = new Kind("network");
export const network: Type<null, never> = borrow(NETWORK);

export const errorCode: Type<ErrorCode> = enumeration(...ERROR_CODES);
export const family: Type<"ipv4" | "ipv6"> = enumeration("ipv4", "ipv6");

const ipv4 = tuple(u8, u8, u8, u8);
const ipv6 = tuple(u16, u16, u16, u16, u16, u16, u16, u16);
const addressVariant = variant({ ipv4, ipv6 });
const socketAddressVariant = variant({
  ipv4: record({ port: u16, address: ipv4 }),
  ipv6: record({ port: u16, "flow-info": u32, address: ipv6, "scope-id": u32 }),
});

/** `result<T, error-code>`: the error case is a thrown `SocketError`. */
export function socketResult<Out>(ok: Type<unknown, Out> | null): Returns<Out> {
  // Thrown by what stands behind `wasi:sockets`, and only by it: see SocketError.
  return result(ok, errorCode, (payload) => payload as ErrorCode);
}

/** `ip-socket-address`. */
export const socketAddress: Type<SocketAddress> = mapped(socketAddressVariant, socketAddressOf, witSocketAddress);

/** `ip-address`. */
export const address: Type<IpAddress> = mapped(addressVariant, addressOf, witAddress);

function addressOf(value: InOf<typeof addressVariant>): IpAddress {
  return value.tag === "ipv4"
    ? { family: "ipv4", ip: ipv4Text(value.val) }
    : { family: "ipv6", ip: ipv6Text(value.val) };
}

function witAddress({ family: tag, ip }: IpAddress): OutOf<typeof addressVariant> {
  return tag === "ipv4" ? { tag, val: bytesOf(ip) } : { tag, val: groupsOf(ip) };
}

function socketAddressOf({ tag, val }: InOf<typeof socketAddressVariant>): SocketAddress {
  if (tag === "ipv4") return { family: tag, ip: ipv4Text(val.address), port: val.port };
  const { port, flowInfo, scopeId } = val;
  return { family: tag, ip: ipv6Text(val.address), port, flowInfo, scopeId };
}

function witSocketAddress(value: SocketAddress): OutOf<typeof socketAddressVariant> {
  const { family: tag, ip, port, flowInfo = 0, scopeId = 0 } = value;
  if (tag === "ipv4") return { tag, val: { port, address: bytesOf(ip) } };
  return { tag, val: { port, flowInfo, address: groupsOf(ip), scopeId } };
}

type Bytes = OutOf<typeof ipv4>;
type Groups = OutOf<typeof ipv6>;

function bytesOf(ip: string): Bytes {
  // Four, or nothing.
  return (ipv4Bytes(ip) ?? notAn("IPv4", ip)) as unknown as Bytes;
}

function groupsOf(ip: string): Groups {
  // Eight, or nothing.
  return (ipv6Groups(ip) ?? notAn("IPv6", ip)) as unknown as Groups;
}

function notAn(version: string, ip: unknown): never {
  throw new TypeError(`The network gave ${String(ip)}, which is no ${version} address`);
}

/** Addresses as Node has them. */
import type { Family, SocketAddress } from "../../../wasi/sockets/address.ts";

/** Names of links, by number, are Windows' and Linux' both. */
export function textOf({ ip, scopeId = 0 }: SocketAddress): string {
  return scopeId === 0 ? ip : `${ip}%${scopeId}`;
}

/** Addresses are addresses: nobody has to look them up, also not Node. */
export function noLookup(
  host: string,
  _options: unknown,
  callback: (error: null, address: string, family: number) => void,
): void {
  callback(null, host, host.includes(":") ? 6 : 4);
}

/** @param text May have the name or the number of a link after `%`. */
export function addressOf(text: string, port: number, family: Family): SocketAddress {
  if (family === "ipv4") return { family, ip: text, port };
  const [ip = "", zone] = text.split("%");
  return zone === undefined ? { family, ip, port } : { family, ip, port, scopeId: linkOf(zone) };
}

function linkOf(zone: string): number {
  if (/^\d+$/.test(zone)) return Number(zone);
  const infos = process.getBuiltinModule("node:os").networkInterfaces()[zone];
  return infos?.find((info) => info.family === "IPv6")?.scopeid ?? 0;
}

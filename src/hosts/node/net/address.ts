/** Addresses as Node writes them. */
import type { Family, SocketAddress } from "../../../wasi/sockets/address.ts";

/** Names of links, by number, are Windows' and Linux' both. */
export function textOf({ ip, scopeId = 0 }: SocketAddress): string {
  return scopeId === 0 ? ip : `${ip}%${scopeId}`;
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

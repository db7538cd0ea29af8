/** Addresses as Node writes them. */
import type { NetworkInterfaceInfo } from "node:os";
import type { Family, SocketAddress } from "../../../wasi/sockets/address.ts";
import { NetworkError } from "../../../wasi/sockets/error-code.ts";

/** @throws {NetworkError} If it is of a link that there is not: it cannot be bound to. */
export function ownText(address: SocketAddress): string {
  return textOf(address, "EADDRNOTAVAIL");
}

/** @throws {NetworkError} If it is of a link that there is not: it cannot be reached. */
export function peerText(address: SocketAddress): string {
  return textOf(address, "ENETUNREACH");
}

/** @param text May have the name or the number of a link after `%`. */
export function addressOf(text: string, port: number, family: Family): SocketAddress {
  if (family === "ipv4") return { family, ip: text, port };
  const [ip = "", zone] = text.split("%");
  return zone === undefined ? { family, ip, port } : { family, ip, port, scopeId: linkOf(zone) };
}

/** Addresses that mean nothing without a link: fe80::/10, and multicast that stays on one. */
const OF_A_LINK = /^(?:fe[89ab]|ff.[12]:)/;

/** Windows has links by number, all others by name: they take a number for a name that there is not, and then any link. */
function textOf({ ip, scopeId = 0 }: SocketAddress, code: string): string {
  if (scopeId === 0 || !OF_A_LINK.test(ip)) return ip;
  if (process.platform === "win32") return `${ip}%${scopeId}`;
  const link = Object.entries(links()).find(([, infos = []]) => numberOf(infos) === scopeId);
  if (!link) throw new NetworkError(code, `there is no link ${scopeId}`);
  return `${ip}%${link[0]}`;
}

function linkOf(zone: string): number {
  return numberOf(links()[zone] ?? []) ?? (Number(zone) || 0);
}

/** Only those of its addresses that are of a link tell its number. */
function numberOf(infos: readonly NetworkInterfaceInfo[]): number | undefined {
  for (const info of infos) if (info.family === "IPv6" && info.scopeid > 0) return info.scopeid;
  return undefined;
}

function links(): NodeJS.Dict<NetworkInterfaceInfo[]> {
  return process.getBuiltinModule("node:os").networkInterfaces();
}

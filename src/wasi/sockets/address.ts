/** IP addresses, as text: what a host's own calls take and give. */

export type Family = "ipv4" | "ipv6";

/** An IP address in canonical text: `127.0.0.1`, `2001:db8::1`. */
export interface IpAddress {
  readonly family: Family;
  readonly ip: string;
}

/** Where a socket is, or sends to. */
export interface SocketAddress extends IpAddress {
  /** 0 to 65535. */
  readonly port: number;
  /** Of IPv6; a u32. Missing is 0. */
  readonly flowInfo?: number;
  /** Of IPv6: which of the links, for an address that is local to one. A u32. Missing is 0. */
  readonly scopeId?: number;
}

/** @param bytes Four. */
export function ipv4Text(bytes: readonly number[]): string {
  return bytes.join(".");
}

/** The canonical text of RFC 5952. @param groups Eight u16. */
export function ipv6Text(groups: readonly number[]): string {
  const { at, length } = longestZeroes(groups);
  const hex = (part: readonly number[]): string => part.map((group) => group.toString(16)).join(":");
  if (length < 2) return hex(groups);
  return `${hex(groups.slice(0, at))}::${hex(groups.slice(at + length))}`;
}

function longestZeroes(groups: readonly number[]): { readonly at: number; readonly length: number } {
  let longest = { at: 0, length: 0 };
  let length = 0;
  for (const [index, group] of groups.entries()) {
    length = group === 0 ? length + 1 : 0;
    if (length > longest.length) longest = { at: index + 1 - length, length };
  }
  return longest;
}

const BYTE = /^(?:0|[1-9]\d{0,2})$/;

/** The four bytes of `text`, which must be four decimal numbers; `undefined` if it is not. */
export function ipv4Bytes(text: string): number[] | undefined {
  const parts = text.split(".");
  if (parts.length !== 4) return undefined;
  const bytes = parts.map((part) => (BYTE.test(part) ? Number(part) : 256));
  return bytes.every((byte) => byte < 256) ? bytes : undefined;
}

const GROUP = /^[\da-f]{1,4}$/i;

/** The eight groups of `text`, without brackets or a zone; `undefined` if it is no IPv6 address. */
export function ipv6Groups(text: string): number[] | undefined {
  const halves = text.split("::");
  if (halves.length > 2) return undefined;
  const [before = "", after] = halves;
  const first = groupsOf(before, after === undefined);
  if (after === undefined) return first?.length === 8 ? first : undefined;
  const last = groupsOf(after, true);
  if (!first || !last || first.length + last.length > 7) return undefined;
  return [...first, ...Array.from<number>({ length: 8 - first.length - last.length }).fill(0), ...last];
}

/** @param mayEnd Whether the last part may be an IPv4 address. */
function groupsOf(text: string, mayEnd: boolean): number[] | undefined {
  if (text === "") return [];
  const parts = text.split(":");
  const groups: number[] = [];
  for (const [index, part] of parts.entries()) {
    if (mayEnd && index === parts.length - 1 && part.includes(".")) {
      const bytes = ipv4Bytes(part);
      if (!bytes) return undefined;
      const [a = 0, b = 0, c = 0, d = 0] = bytes;
      groups.push(a * 256 + b, c * 256 + d);
    } else if (GROUP.test(part)) {
      groups.push(Number.parseInt(part, 16));
    } else {
      return undefined;
    }
  }
  return groups;
}

/** The address that `text` is, in canonical form; a zone after `%` is left away. `undefined` if it is none. */
export function ipAddress(text: string): IpAddress | undefined {
  if (ipv4Bytes(text)) return { family: "ipv4", ip: text };
  const groups = ipv6Groups(text.replace(/%.*$/, ""));
  return groups && { family: "ipv6", ip: ipv6Text(groups) };
}

/** An IPv6 address that stands for an IPv4 one (`::ffff:a.b.c.d`), as that; others as they are. */
export function unmapped(address: IpAddress): IpAddress {
  const groups = address.family === "ipv6" ? ipv6Groups(address.ip) : undefined;
  if (!groups || !isMapped(groups)) return address;
  const [high = 0, low = 0] = groups.slice(6);
  return { family: "ipv4", ip: ipv4Text([high >> 8, high & 255, low >> 8, low & 255]) };
}

function isMapped(groups: readonly number[]): boolean {
  return groups.slice(0, 5).every((group) => group === 0) && groups[5] === 0xffff;
}

/** `::a.b.c.d`, which was given up in 2006: systems differ in what they make of it. */
function isCompatible(groups: readonly number[]): boolean {
  return groups.slice(0, 6).every((group) => group === 0) && (groups[6] !== 0 || (groups[7] ?? 0) > 1);
}

/** Whether a socket of `family` may have to do with `address`: of this family, and no IPv4 address in disguise. */
export function suits(address: IpAddress, family: Family): boolean {
  if (address.family !== family) return false;
  if (family === "ipv4") return true;
  const groups = ipv6Groups(address.ip);
  return groups !== undefined && !isMapped(groups) && !isCompatible(groups);
}

/** `0.0.0.0` or `::`. */
export function isUnspecified({ ip }: IpAddress): boolean {
  return ip === "0.0.0.0" || ip === "::";
}

/** Whether it never leaves the host: `127.0.0.0/8` or `::1`. */
export function isLoopback({ ip }: IpAddress): boolean {
  return ip === "::1" || ip.startsWith("127.");
}

/** Whether something can be sent there: to an address, and to a port. */
export function isRemote(address: SocketAddress): boolean {
  return !isUnspecified(unmapped(address)) && address.port !== 0;
}

/** `IP:PORT`, as people write it: `127.0.0.1:80`, `[::1]:80`. */
export function addressText({ family, ip, port }: SocketAddress): string {
  return family === "ipv4" ? `${ip}:${port}` : `[${ip}]:${port}`;
}

/** Whether both are the same place, to the last field. */
export function sameAddress(one: SocketAddress, other: SocketAddress): boolean {
  return (
    one.ip === other.ip &&
    one.port === other.port &&
    (one.flowInfo ?? 0) === (other.flowInfo ?? 0) &&
    (one.scopeId ?? 0) === (other.scopeId ?? 0)
  );
}

/** `0.0.0.0` or `::`, and any port. */
export function anywhere(family: Family): SocketAddress {
  return { family, ip: family === "ipv4" ? "0.0.0.0" : "::", port: 0 };
}

/** Whether it is that of one host: no multicast, and not the broadcast of all. */
export function isUnicast({ family, ip }: IpAddress): boolean {
  if (family === "ipv6") return ((ipv6Groups(ip)?.[0] ?? 0) & 0xff00) !== 0xff00;
  return ((ipv4Bytes(ip)?.[0] ?? 0) & 0xf0) !== 0xe0 && ip !== "255.255.255.255";
}

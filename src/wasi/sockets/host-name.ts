import { ipAddress, ipv4Bytes, ipv6Groups, ipv6Text, unmapped, type IpAddress } from "./address.ts";

/** What may stand in no name; a colon is one of an address, if it is any. */
// oxlint-disable-next-line no-control-regex -- these are what is refused
const FORBIDDEN = /[\u0000-\u0020#%/:<>?@[\\\]^|\u007F]/;

/** What the DNS has room for. */
const MAX_NAME = 253;
const MAX_LABEL = 63;

/**
 * What `name` stands for: an address that it is itself, or the name to look up, in ASCII. `undefined` if it is neither.
 *
 * As in a URL: letters of any script are encoded (IDNA), and an IPv4 address may be written in any of its old ways, such
 * as `127.1` or `0x7f.1`. An IPv6 address may stand in brackets.
 */
export function parseHostName(name: string): IpAddress | string | undefined {
  const groups = ipv6Groups(/^\[(.*)\]$/s.exec(name)?.[1] ?? name);
  if (groups) return unmapped({ family: "ipv6", ip: ipv6Text(groups) });
  if (FORBIDDEN.test(name)) return undefined;
  const host = hostOf(name);
  if (host === undefined || host === "") return undefined;
  if (ipv4Bytes(host)) return ipAddress(host);
  const labels = host.replace(/\.$/, "").split(".");
  const isTooLong = labels.join(".").length > MAX_NAME || labels.some(({ length }) => length > MAX_LABEL);
  return isTooLong ? undefined : host;
}

function hostOf(name: string): string | undefined {
  try {
    return new URL(`http://${name}/`).hostname;
  } catch {
    return undefined;
  }
}

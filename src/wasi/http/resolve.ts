/** Whom a request reaches: the address is looked up and permitted before anybody connects to it. */
import { ipAddress, unmapped, type IpAddress } from "../sockets/address.ts";
import { NetworkError } from "../sockets/error-code.ts";
import { parseHostName } from "../sockets/host-name.ts";
import { isYes, type AddressCheck } from "../sockets/network.ts";
import type { LookupPort } from "../sockets/lookup.ts";
import { HttpError } from "./error-code.ts";

/**
 * The addresses of a host that may be reached, at least one, in the order in which they are to be tried.
 *
 * @param host A name, or an address without brackets.
 * @throws {HttpError} If there is none.
 */
export type ResolveHost = (host: string, port: number) => Promise<readonly IpAddress[]>;

export function resolver(lookup: LookupPort, check: AddressCheck): ResolveHost {
  return async (host, port) => {
    const found = await addressesOf(lookup, host);
    const permitted: IpAddress[] = [];
    for (const address of found) {
      // oxlint-disable-next-line no-await-in-loop -- in their order
      if (isYes(await check({ ...address, port }, "tcp-connect"))) permitted.push(address);
    }
    if (permitted.length > 0) return permitted;
    throw new HttpError({ tag: "destination-IP-prohibited" }, `no address of ${host} is permitted`);
  };
}

/** None of IPv4 in the disguise of IPv6: who is asked about an address knows it by one name. */
async function addressesOf(lookup: LookupPort, host: string): Promise<readonly IpAddress[]> {
  const literal = ipAddress(host);
  if (literal) return [unmapped(literal)];
  const name = parseHostName(host);
  if (name === undefined) throw new HttpError({ tag: "HTTP-request-URI-invalid" }, `"${host}" is no host`);
  if (typeof name !== "string") return [name];
  let texts;
  try {
    texts = await lookup.lookup(name);
  } catch (cause) {
    throw lookupFailure(cause);
  }
  return texts.flatMap((text) => ipAddress(text) ?? []).map(unmapped);
}

function lookupFailure(cause: unknown): HttpError {
  // Said by our own rules.
  if (cause instanceof NetworkError) return new HttpError({ tag: "HTTP-request-denied" }, cause.message, { cause });
  const code = cause instanceof Error && "code" in cause ? String(cause.code) : undefined;
  if (code === "ETIMEOUT" || code === "ETIMEDOUT") return new HttpError({ tag: "DNS-timeout" }, code, { cause });
  return new HttpError({ tag: "DNS-error", val: { rcode: code, infoCode: undefined } }, code, { cause });
}

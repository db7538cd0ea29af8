/** What a request and a response are made of beside fields and bodies: what may be set, and what it begins as. */
import { isToken, type Fields } from "./fields.ts";

/** `GET`, `POST`, or any other token; upper and lower case differ. */
export type Method = string;
/** `http`, `https`, or any other scheme. */
export type Scheme = string;

/** Time-outs of a request, in nanoseconds; `undefined` is the host's own. */
export class RequestOptions {
  connectTimeout: bigint | undefined;
  firstByteTimeout: bigint | undefined;
  betweenBytesTimeout: bigint | undefined;
}

/** RFC 9110: a method is a token. */
export function isMethod(method: string): boolean {
  return isToken(method);
}

/** RFC 3986. */
export function isScheme(scheme: string): boolean {
  return /^[A-Za-z][A-Za-z0-9+\-.]*$/.test(scheme);
}

const AUTHORITY = /^(?:\[[0-9A-Fa-f:.]+\]|(?:[A-Za-z0-9\-._~!$&'()*+,;=]|%[0-9A-Fa-f]{2})+)(?::[0-9]+)?$/;

/** A host, or an address in brackets, with a port or without; no user. */
export function isAuthority(authority: string): boolean {
  if (!AUTHORITY.test(authority)) return false;
  // An address in brackets has colons of its own.
  const colon = authority.indexOf(":", authority.lastIndexOf("]") + 1);
  return colon < 0 || Number(authority.slice(colon + 1)) <= 65_535;
}

/** A path with a query, as it is sent: no fragment, no blanks, nothing that ends a line. */
export function isPathWithQuery(path: string): boolean {
  return /^(?:[/*?][!-"$-~\u0080-\uffff]*)?$/.test(path);
}

/** As WASI 0.3 takes it: any authority of RFC 3986, with a user too, which no request then has. */
export function isAuthorityWithUser(authority: string): boolean {
  const [, host = authority] = /^(?:[A-Za-z0-9\-._~!$&'()*+,;=:]|%[0-9A-Fa-f]{2})*@([^@]*)$/.exec(authority) ?? [];
  return isAuthority(host);
}

/** As WASI 0.3 takes it: also one that is not absolute, which no request then has. */
export function isRelativePath(path: string): boolean {
  return /^[!"$-;=?-_a-~\u0080-\uffff]*$/.test(path);
}

/** Host and port of an authority: brackets are taken off. */
export function splitAuthority(authority: string, scheme: Scheme): { readonly host: string; readonly port: number } {
  const parts = /^(?:\[(?<ip>[^\]]*)\]|(?<name>[^:]*))(?::(?<port>[0-9]+))?$/.exec(authority);
  const { ip, name = "", port } = parts?.groups ?? {};
  return { host: ip ?? name, port: port === undefined ? (scheme === "http" ? 80 : 443) : Number(port) };
}

/** A request while a guest makes it. */
export class OutgoingRequest {
  readonly headers: Fields;
  method: Method = "GET";
  scheme: Scheme | undefined;
  authority: string | undefined;
  pathWithQuery: string | undefined;

  constructor(headers: Fields) {
    this.headers = headers;
  }
}

/** A response while a guest makes it. */
export class OutgoingResponse {
  readonly headers: Fields;
  status = 200;

  constructor(headers: Fields) {
    this.headers = headers;
  }
}

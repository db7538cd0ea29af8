/** Who carries requests out for an instance. Loaded for one that may send any. */
import { shaped, isBoolean, isFunction, isTexts, type Shape } from "../io/assert-shape.ts";
import type { Limits } from "../io/limits.ts";
import { hasMethods, isThenable } from "../io/shape.ts";
import { told } from "../io/told.ts";
import { resolver, type ResolveHost } from "../wasi/http/resolve.ts";
import { checkedClient } from "../wasi/http/checked-client.ts";
import type { HttpClient } from "../wasi/http/exchange.ts";
import type { FetchLike } from "./fetch.ts";
import type { HttpOptions, InstanceOptions } from "./options.ts";
import { networksOf } from "./network.ts";
import type { Platform } from "./platform.ts";

/** What grants it. */
export type HttpOption = Exclude<InstanceOptions<unknown, unknown>["http"], undefined | false>;

/** Makes the client of an instance. @param maxExchanges Requests that it has under way at a time. */
export type MakeClient = (maxExchanges: number) => HttpClient;

/** @throws {TypeError} If the option is none, or there is nobody. */
export async function httpOf(platform: Platform, option: HttpOption, { sockets }: Limits): Promise<HttpClient> {
  return (await clientsOf(platform, option))(sockets);
}

/** As `httpOf`, for any number of instances. */
export async function clientsOf(platform: Platform, option: HttpOption): Promise<MakeClient> {
  if (typeof option === "function") return intercepted(platform, option);
  if (option !== true && "send" in option) {
    if (!hasMethods(option, "send")) throw new TypeError("http: send must be a function");
    return () => checkedClient(option);
  }
  const { hosts, denyPrivate, check } = option === true ? {} : httpOptions(option);
  const clients = await platform.http?.();
  // A runtime that connects by itself does so to whom it likes.
  if (!platform.network && option === true && clients) {
    return (maxExchanges) => clients(() => Promise.resolve([]), maxExchanges);
  }
  if (!clients) throw new TypeError("http: this runtime sends no requests; give a function, or an HttpClient");
  const options = { lookup: true, connect: hosts, denyPrivate, ...(check && { check }) };
  const networks = await networksOf(platform, options, "http", "http.hosts");
  const resolve = (): ResolveHost => {
    const { lookup, check: permits } = networks();
    if (!lookup) throw new TypeError("http: this runtime cannot look up names");
    return resolver(lookup, permits);
  };
  // A runtime that cannot, and a rule that is none, are told of now.
  resolve();
  return (maxExchanges) => clients(resolve(), maxExchanges);
}

/** Whom requests may be sent to, as far as it is said. @throws {TypeError} If that makes no sense. */
export function httpOptions(option: object): HttpOptions {
  // A list or a promise has no members that could be wrong, and would be taken for one that leaves all out: for everywhere.
  if (Symbol.iterator in option || isThenable(option)) {
    throw new TypeError(`http must be an object of ${Object.keys(OPTIONS).join(", ")}; got ${told(option)}`);
  }
  return shaped("http", option, OPTIONS);
}

const OPTIONS: Shape<HttpOptions> = {
  hosts: ['an array of strings, such as ["example.com:443"]', isTexts],
  denyPrivate: ["true or false", isBoolean],
  check: ["a function", isFunction],
};

async function intercepted(platform: Platform, carryOut: FetchLike): Promise<MakeClient> {
  const web = await platform.web?.();
  if (!web) throw new TypeError("http: this runtime has no Request and Response; give an HttpClient");
  return () => checkedClient(web(carryOut));
}

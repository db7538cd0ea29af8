/** What the command line says of the network. */
import { ruling, type NetworkRules } from "../wasi/sockets/rules.ts";
import type { GivenOption } from "./arguments.ts";
import { UsageError } from "./usage.ts";
import { switchesOf, type Switch } from "./wasmtime-words.ts";

/** What a guest is given of the network. */
export interface NetworkGrant {
  readonly tcp: boolean;
  readonly udp: boolean;
  readonly lookup: boolean;
  /** Missing: everybody. */
  readonly connect: readonly string[] | undefined;
  /** Missing: everywhere. */
  readonly listen: readonly string[] | undefined;
  readonly denyPrivate: boolean;
}

/** Whom a guest may send requests to. */
export interface HttpGrant {
  /** Missing: everybody. */
  readonly hosts?: readonly string[];
  readonly denyPrivate: boolean;
}

/** What is granted; nothing if nobody says so. @throws {UsageError} */
export function networkGrant(given: readonly GivenOption[]): NetworkGrant | undefined {
  const valuesOf = (name: GivenOption["name"]): string[] => values(given, name);
  const switches = new Map(valuesOf("wasi").flatMap(switchesOf));
  const all = given.some(({ name }) => name === "net");
  const denyPrivate = given.some(({ name }) => name === "deny-private");
  const connect = valuesOf("connect");
  const listen = valuesOf("listen");
  const listed = connect.length > 0 || listen.length > 0;
  // As in Wasmtime: the sockets alone reach nobody.
  const everybody = all || switches.get("inherit-network") === true;
  if (denyPrivate && !everybody && !listed && !httpGrant(given)) {
    throw new UsageError("--deny-private takes away from what --net, --connect or --http grant: give one of them too");
  }
  const on = (name: Switch, otherwise: boolean): boolean => switches.get(name) ?? otherwise;
  const grant: NetworkGrant = {
    tcp: on("tcp", everybody || listed),
    udp: on("udp", everybody || listed),
    lookup: on("allow-ip-name-lookup", all || (listed && connect.some(isName))),
    connect: everybody && !listed ? undefined : connect,
    listen: everybody && !listed ? undefined : listen,
    denyPrivate,
  };
  if (!grant.tcp && !grant.udp && !grant.lookup) return undefined;
  assertRules(grant, "--connect");
  return grant;
}

/** Whom a guest may send requests to; nothing if nobody says so. @throws {UsageError} */
export function httpGrant(given: readonly GivenOption[]): HttpGrant | undefined {
  const hosts = values(given, "http");
  const switches = new Map(values(given, "wasi").flatMap(switchesOf));
  const everywhere = given.some(({ name }) => name === "net") || switches.get("http") === true || hosts.includes("*");
  const denyPrivate = given.some(({ name }) => name === "deny-private");
  if (everywhere) return { denyPrivate };
  if (hosts.length === 0) return undefined;
  assertRules({ connect: hosts }, "--http");
  return { hosts, denyPrivate };
}

/** @param connect The option that names peers. @throws {UsageError} */
function assertRules(rules: NetworkRules, connect: string): void {
  try {
    ruling(rules, { connect, listen: "--listen" });
  } catch (error) {
    throw error instanceof TypeError ? new UsageError(error.message) : error;
  }
}

function values(given: readonly GivenOption[], wanted: GivenOption["name"]): string[] {
  return given.filter(({ name }) => name === wanted).map(({ value }) => value);
}

/** Whether it may have to be looked up. */
function isName(rule: string): boolean {
  return /[a-z]/i.test(rule) && !rule.startsWith("[") && !/:.*:/.test(rule);
}

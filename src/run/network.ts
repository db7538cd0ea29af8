/** The network of an instance. Loaded for one that is given any: it takes a tenth of all that a start has to read. */
import { shaped, isBoolean, isFunction, isTexts, type Shape } from "../io/assert-shape.ts";
import { isObject } from "../io/shape.ts";
import { checkedNetwork } from "../wasi/sockets/checked-network.ts";
import { checkedCheck, type AddressCheck, type Network, type NetworkPorts } from "../wasi/sockets/network.ts";
import { ruling } from "../wasi/sockets/rules.ts";
import type { NetworkOptions } from "./options.ts";
import type { Platform } from "./platform.ts";

/** What `true` stands for. */
export const ALL: NetworkOptions = { tcp: true, udp: true, lookup: true };

const BOOLEAN = ["true or false", isBoolean] as const;

function isNetwork(value: unknown): boolean {
  return isObject(value) && [value["tcp"], value["udp"], value["lookup"]].every(isObject);
}

const OPTIONS: Shape<NetworkOptions> = {
  tcp: BOOLEAN,
  udp: BOOLEAN,
  lookup: BOOLEAN,
  connect: ['an array of strings, such as ["10.0.0.0/8:443"]', isTexts],
  listen: ['an array of strings, such as ["127.0.0.1:8080"]', isTexts],
  denyPrivate: BOOLEAN,
  check: ["a function", isFunction],
  on: ["a network, with tcp, udp and lookup", isNetwork],
};

/** Makes the network of an instance: what that has looked up says nothing of another's. @throws {TypeError} For a rule that is none. */
export type MakeNetwork = () => Network;

/**
 * What the option grants, on the platform's network or its own.
 *
 * @throws {TypeError} If there is none, or the option makes no sense.
 */
export async function networkOf(platform: Platform, option: true | NetworkOptions): Promise<Network> {
  return (await networksOf(platform, option))();
}

/**
 * As `networkOf`, for any number of instances; but one that has `close` is one instance's, which tells of what that throws.
 *
 * @param name Of the option, where what it has misbehaves.
 * @param connect Of the list of peers in it.
 */
export async function networksOf(
  platform: Platform,
  option: true | NetworkOptions,
  name: string = "network",
  connect: string = `${name}.connect`,
): Promise<MakeNetwork> {
  const options = option === true ? ALL : networkOptions(name, option);
  const { tcp = false, udp = false, lookup = false } = options;
  const given = options.on && checkedNetwork(options.on);
  const on = given ?? (await portsOf(platform));
  const check = options.check && checkedCheck(options.check, `${name}.check`);
  return () => {
    const rules = ruling(options, { connect, listen: `${name}.listen` });
    return {
      tcp: tcp ? on.tcp : undefined,
      udp: udp ? on.udp : undefined,
      lookup: lookup ? rules.lookup(on.lookup) : undefined,
      check: check ? both(rules.check, check) : rules.check,
      ...(given && { close: given.close }),
    };
  };
}

/** What is granted. @param name Of the option. @throws {TypeError} If it makes no sense. */
export function networkOptions(name: string, option: NetworkOptions): NetworkOptions {
  if (isNetwork(option)) {
    throw new TypeError(`${name} says what is granted; a network is given as ${name}.on, such as { tcp: true, on }`);
  }
  const options = shaped(name, option, OPTIONS);
  assertGrant(name, options);
  return options;
}

/** @throws {TypeError} If there is something for what nobody has said whether it is granted: nothing would come of it. */
function assertGrant(name: string, { tcp, udp, lookup, ...rest }: NetworkOptions): void {
  if ([tcp, udp, lookup].some((grant) => grant !== undefined)) return;
  const [given] = Object.entries(rest).find(([, value]) => value !== undefined) ?? [];
  if (given === undefined) return;
  throw new TypeError(
    `${name}: ${given} is for tcp, udp or lookup, and none of them is given: say which, such as tcp: true`,
  );
}

/** The platform's own network. @throws {TypeError} If it has none. */
export async function portsOf(platform: Platform): Promise<NetworkPorts> {
  const ports = await platform.network?.();
  if (ports) return ports;
  throw new TypeError("network: this runtime has none; give one as network.on, such as a MemoryNetwork");
}

/** What the rules refuse nobody else is asked about. */
function both(rules: AddressCheck, check: AddressCheck): AddressCheck {
  return (address, use) => rules(address, use) === true && check(address, use);
}

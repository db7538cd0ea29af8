/** The network of an instance. Loaded for one that is given any: it takes a tenth of all that a start has to read. */
import { checkedNetwork } from "../wasi/sockets/checked-network.ts";
import { checkedCheck, type AddressCheck, type Network, type NetworkPorts } from "../wasi/sockets/network.ts";
import { ruling } from "../wasi/sockets/rules.ts";
import type { NetworkOptions } from "./options.ts";
import type { Platform } from "./platform.ts";

/** What `true` stands for. */
export const ALL: NetworkOptions = { tcp: true, udp: true, lookup: true };

/**
 * What the option grants, on the platform's network or its own.
 *
 * @param name Of the option, where what it has misbehaves.
 * @throws {TypeError} If there is none.
 */
export async function networkOf(
  platform: Platform,
  option: true | NetworkOptions,
  name: string = "network",
): Promise<Network> {
  const options = option === true ? ALL : option;
  const { tcp = false, udp = false, lookup = false } = options;
  const given = options.on && checkedNetwork(options.on);
  const on = given ?? (await portsOf(platform));
  const rules = ruling(options);
  return {
    tcp: tcp ? on.tcp : undefined,
    udp: udp ? on.udp : undefined,
    lookup: lookup ? rules.lookup(on.lookup) : undefined,
    check: options.check ? both(rules.check, checkedCheck(options.check, `${name}.check`)) : rules.check,
    ...(given && { close: given.close }),
  };
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

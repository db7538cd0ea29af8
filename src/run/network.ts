/** The network of an instance. Loaded for one that is given any: it takes a tenth of all that a start has to read. */
import type { AddressCheck, Network, NetworkPorts } from "../wasi/sockets/network.ts";
import { ruling } from "../wasi/sockets/rules.ts";
import type { NetworkOptions } from "./options.ts";
import type { Platform } from "./platform.ts";

/** What `true` stands for. */
export const ALL: NetworkOptions = { tcp: true, udp: true, lookup: true };

/** What the option grants, on the platform's network or its own. @throws {TypeError} If there is none. */
export async function networkOf(platform: Platform, option: true | NetworkOptions): Promise<Network> {
  const options = option === true ? ALL : option;
  const { tcp = false, udp = false, lookup = false, on = await portsOf(platform) } = options;
  const rules = ruling(options);
  return {
    tcp: tcp ? on.tcp : undefined,
    udp: udp ? on.udp : undefined,
    lookup: lookup ? rules.lookup(on.lookup) : undefined,
    check: both(rules.check, options.check),
  };
}

/** The platform's own network. @throws {TypeError} If it has none. */
export async function portsOf(platform: Platform): Promise<NetworkPorts> {
  const ports = await platform.network?.();
  if (ports) return ports;
  throw new TypeError("network: this runtime has none; give one as network.on, such as a MemoryNetwork");
}

/** What the rules refuse nobody else is asked about. */
function both(rules: AddressCheck, check: AddressCheck = () => true): AddressCheck {
  return (address, use) => rules(address, use) === true && check(address, use);
}

/** What only some instances are given, and is loaded for those alone. */
import type { Network } from "../wasi/sockets/network.ts";
import type { InstanceOptions } from "./options.ts";
import type { Platform } from "./platform.ts";

/** What is there before the life of an instance begins. */
export interface Grants {
  readonly network?: Network;
}

/** @throws {TypeError} If the platform lacks what is to be given. */
export async function grantsOf(
  platform: Platform,
  { network = false }: InstanceOptions<unknown, unknown>,
): Promise<Grants> {
  if (network === false) return {};
  const { networkOf } = await import("./network.ts");
  return { network: await networkOf(platform, network) };
}

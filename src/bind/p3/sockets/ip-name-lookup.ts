/** `wasi:sockets/ip-name-lookup` 0.3, as a guest calls it. */
import { list } from "../../../abi/lists.ts";
import { string } from "../../../abi/scalars.ts";
import type { Steps } from "../../../io/steps.ts";
import type { IpAddress } from "../../../wasi/sockets/address.ts";
import { SocketError } from "../../../wasi/sockets/error-code.ts";
import { blocking, defineInterface, type Interface } from "../../definition.ts";
import type { Instance } from "../../instance.ts";
import { lookupsOf } from "../../sockets/held.ts";
import { address } from "../../sockets/types.ts";
import { lookupResult } from "./types.ts";

function* resolve(instance: Instance, name: string): Steps<IpAddress[]> {
  const port = instance.world.network?.lookup;
  if (!port) throw new SocketError("permanent-resolver-failure", "no name lookup is granted");
  const answer = lookupsOf(instance, port).resolve(name);
  try {
    while (!answer.ready()) yield answer;
    const addresses: IpAddress[] = [];
    for (let next = answer.next(); next; next = answer.next()) addresses.push(next);
    return addresses;
  } finally {
    answer.drop();
  }
}

/** @see WASI 0.3 `wasi:sockets/ip-name-lookup` */
export const ipNameLookup: Interface = defineInterface("wasi:sockets/ip-name-lookup", () => ({
  "resolve-addresses": blocking([string], lookupResult(list(address)), resolve),
}));

/** `wasi:sockets/ip-name-lookup` 0.2, as a guest calls it. */
import { borrow, own } from "../../abi/owned.ts";
import { Kind, type Entry } from "../../abi/resources.ts";
import { string } from "../../abi/scalars.ts";
import { option } from "../../abi/variants.ts";
import { SocketError } from "../../wasi/sockets/error-code.ts";
import type { AddressStream } from "../../wasi/sockets/lookup.ts";
import { call, defineInterface, type Interface } from "../definition.ts";
import type { Instance } from "../instance.ts";
import { subscribe } from "../io.ts";
import { lookupsOf } from "./held.ts";
import { address, network, socketResult } from "./types.ts";

const ADDRESSES: Kind<AddressStream> = new Kind("resolve-address-stream");

function resolve(instance: Instance, name: string): Entry {
  const port = instance.world.network?.lookup;
  if (!port) throw new SocketError("permanent-resolver-failure", "no name lookup is granted");
  const stream = lookupsOf(instance, port).resolve(name);
  return instance.resources.add(ADDRESSES, stream, stream);
}

/** @see WASI 0.2 `wasi:sockets/ip-name-lookup` */
export const ipNameLookup: Interface = defineInterface(
  "wasi:sockets/ip-name-lookup",
  () => ({
    "resolve-addresses": call([network, string], socketResult(own(ADDRESSES)), (instance, _, name) =>
      resolve(instance, name),
    ),
    "[method]resolve-address-stream.resolve-next-address": call(
      [borrow(ADDRESSES)],
      socketResult(option(address)),
      (_, stream) => stream.next(),
    ),
    "[method]resolve-address-stream.subscribe": subscribe(ADDRESSES),
  }),
  [ADDRESSES],
);

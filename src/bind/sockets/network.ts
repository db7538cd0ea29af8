/** `wasi:sockets` 0.2: the network that a guest has a handle of. What it may do there is the world's to say. */
import { own } from "../../abi/owned.ts";
import { returns } from "../../abi/returns.ts";
import { call, defineInterface, type Interface } from "../definition.ts";
import { NETWORK } from "./types.ts";

/** @see WASI 0.2 `wasi:sockets/network` */
export const networkInterface: Interface = defineInterface("wasi:sockets/network", () => ({}), [NETWORK]);

/** @see WASI 0.2 `wasi:sockets/instance-network` */
export const instanceNetwork: Interface = defineInterface("wasi:sockets/instance-network", () => ({
  "instance-network": call([], returns(own(NETWORK)), ({ resources }) => resources.add(NETWORK, null)),
}));

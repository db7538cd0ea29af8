/** `wasi:sockets` 0.2: the network that a guest has a handle of. What it may do there is the world's to say. */
import { borrow, own } from "../../abi/owned.ts";
import { returns } from "../../abi/returns.ts";
import { option } from "../../abi/variants.ts";
import { networkErrorCode } from "../../wasi/sockets/error-code.ts";
import { call, defineInterface, type Interface } from "../definition.ts";
import { ERROR } from "../io.ts";
import { errorCode, NETWORK } from "./types.ts";

/** @see WASI 0.2 `wasi:sockets/network` */
export const networkInterface: Interface = defineInterface(
  "wasi:sockets/network",
  () => ({
    // Not stable yet (`network-error-code`), and there for whoever imports it.
    "network-error-code": call([borrow(ERROR)], returns(option(errorCode)), (_, { cause }) => networkErrorCode(cause)),
  }),
  [NETWORK],
);

/** @see WASI 0.2 `wasi:sockets/instance-network` */
export const instanceNetwork: Interface = defineInterface("wasi:sockets/instance-network", () => ({
  "instance-network": call([], returns(own(NETWORK)), ({ resources }) => resources.add(NETWORK, null)),
}));

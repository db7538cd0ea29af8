/** What one instance holds of the network, within its limits. */
import { SocketError } from "../../wasi/sockets/error-code.ts";
import { Lookups, type LookupPort } from "../../wasi/sockets/lookup.ts";
import { SocketTallies } from "../../wasi/sockets/tallies.ts";
import type { Instance } from "../instance.ts";

const sockets = new WeakMap<Instance, number>();
const lookups = new WeakMap<Instance, Lookups>();

/** Counts one more open socket. @returns What to call when it is closed. @throws {SocketError} Over the limit. */
export function openSocket(instance: Instance): () => void {
  const limit = instance.world.limits.sockets;
  const open = sockets.get(instance) ?? 0;
  if (open >= limit) {
    throw new SocketError("new-socket-limit", `this instance already holds ${limit} sockets (limits.sockets)`);
  }
  sockets.set(instance, open + 1);
  return () => void sockets.set(instance, (sockets.get(instance) ?? 0) - 1);
}

/** What its sockets carried. */
export function talliesOf(instance: Instance): SocketTallies {
  return (instance.sockets ??= new SocketTallies());
}

/** All its name lookups: they share a limit. */
export function lookupsOf(instance: Instance, port: LookupPort): Lookups {
  let those = lookups.get(instance);
  if (!those) lookups.set(instance, (those = new Lookups(port, instance.world.limits.lookups)));
  return those;
}

/** What one instance holds of the network, within its limits. */
import { SocketError } from "../../wasi/sockets/error-code.ts";
import { Lookups, type LookupPort } from "../../wasi/sockets/lookup.ts";
import { SocketTallies } from "../../wasi/sockets/tallies.ts";
import type { World } from "../../wasi/world.ts";
import type { Instance } from "../instance.ts";

const sockets = new WeakMap<World, number>();
const lookups = new WeakMap<World, Lookups>();

/** Counts one more open socket. @returns What to call when it is closed. @throws {SocketError} Over the limit. */
export function openSocket({ world }: Instance): () => void {
  const limit = world.limits.sockets;
  const open = sockets.get(world) ?? 0;
  if (open >= limit) {
    throw new SocketError("new-socket-limit", `this instance already holds ${limit} sockets (limits.sockets)`);
  }
  sockets.set(world, open + 1);
  return () => void sockets.set(world, (sockets.get(world) ?? 0) - 1);
}

/** What its sockets carried. */
export function talliesOf(instance: Instance): SocketTallies {
  return (instance.sockets ??= new SocketTallies());
}

/** All its name lookups: they share a limit. */
export function lookupsOf({ world }: Instance, port: LookupPort): Lookups {
  let those = lookups.get(world);
  if (!those) lookups.set(world, (those = new Lookups(port, world.limits.lookups)));
  return those;
}

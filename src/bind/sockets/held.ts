/** What one instance holds of the network, within its limits. */
import type { Family } from "../../wasi/sockets/address.ts";
import { SocketError } from "../../wasi/sockets/error-code.ts";
import { Lookups, type LookupPort } from "../../wasi/sockets/lookup.ts";
import { SocketTallies } from "../../wasi/sockets/tallies.ts";
import { TcpSocket } from "../../wasi/sockets/tcp-socket.ts";
import { UdpSocket } from "../../wasi/sockets/udp-socket.ts";
import type { World } from "../../wasi/world.ts";
import type { Instance } from "../instance.ts";

/** The sockets of one instance that are open. */
class Places {
  open = 0;
  /** One for all: many are held at a time. */
  readonly release = (): void => void this.open--;
}

const sockets = new WeakMap<World, Places>();
const lookups = new WeakMap<World, Lookups>();

/** Counts one more open socket. @returns What to call when it is closed. @throws {SocketError} Over the limit. */
function openSocket({ world }: Instance): () => void {
  const limit = world.limits.sockets;
  let places = sockets.get(world);
  if (!places) sockets.set(world, (places = new Places()));
  if (places.open >= limit) {
    throw new SocketError("new-socket-limit", `this instance already holds ${limit} sockets (limits.sockets)`);
  }
  places.open++;
  return places.release;
}

/** @throws {SocketError} If it may have none, or no more. */
export function openTcpSocket(instance: Instance, family: Family): Held<TcpSocket> {
  const { network, limits } = instance.world;
  const port = network?.tcp;
  if (!port) throw new SocketError("access-denied", "no TCP is granted");
  return held(
    instance,
    () =>
      new TcpSocket(port, family, {
        check: network.check,
        bufferBytes: limits.bufferBytes,
        reserve: () => openSocket(instance),
        tallies: talliesOf(instance),
      }),
  );
}

/** @throws {SocketError} As `openTcpSocket`. */
export function openUdpSocket(instance: Instance, family: Family): Held<UdpSocket> {
  const { network, limits, permits } = instance.world;
  const port = network?.udp;
  if (!port) throw new SocketError("access-denied", "no UDP is granted");
  return held(instance, () => new UdpSocket(port, family, network.check, { ...limits, permits }));
}

/** A socket, and what to call when it counts no more. */
interface Held<Socket> {
  readonly socket: Socket;
  readonly release: () => void;
}

function held<Socket>(instance: Instance, open: () => Socket): Held<Socket> {
  const release = openSocket(instance);
  try {
    return { socket: open(), release };
  } catch (error) {
    release();
    throw error;
  }
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

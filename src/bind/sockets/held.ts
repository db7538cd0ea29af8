/** What one instance holds of the network, within its limits. */
import type { Family } from "../../wasi/sockets/address.ts";
import { SocketError } from "../../wasi/sockets/error-code.ts";
import { Lookups, type LookupPort } from "../../wasi/sockets/lookup.ts";
import { SocketTallies } from "../../wasi/sockets/tallies.ts";
import { TcpSocket } from "../../wasi/sockets/tcp-socket.ts";
import { UdpSocket } from "../../wasi/sockets/udp-socket.ts";
import type { World } from "../../wasi/world.ts";
import type { Instance } from "../instance.ts";

/** The sockets of one instance that are open. Its functions are made once: many are held at a time. */
class Places {
  #open = 0;
  readonly #limit: number;

  constructor(limit: number) {
    this.#limit = limit;
  }

  /** Counts one more. @throws {SocketError} Over the limit. */
  readonly reserve = (): void => {
    if (this.#open >= this.#limit) {
      throw new SocketError("new-socket-limit", `this instance already holds ${this.#limit} sockets (limits.sockets)`);
    }
    this.#open++;
  };

  /** Counts one less. */
  readonly release = (): void => void this.#open--;
}

const sockets = new WeakMap<World, Places>();
const lookups = new WeakMap<World, Lookups>();

function placesOf({ world }: Instance): Places {
  let places = sockets.get(world);
  if (!places) sockets.set(world, (places = new Places(world.limits.sockets)));
  return places;
}

/** @throws {SocketError} If it may have none, or no more. */
export function openTcpSocket(instance: Instance, family: Family): TcpSocket {
  const { network, limits } = instance.world;
  const port = network?.tcp;
  if (!port) throw new SocketError("access-denied", "no TCP is granted");
  const { reserve, release } = placesOf(instance);
  return TcpSocket.open(family, {
    port,
    check: network.check,
    bufferBytes: limits.bufferBytes,
    reserve,
    release,
    isAborted: () => instance.isAborted,
    tallies: talliesOf(instance),
  });
}

/** @returns It, and what to call when it counts no more. @throws {SocketError} As `openTcpSocket`. */
export function openUdpSocket(
  instance: Instance,
  family: Family,
): { readonly socket: UdpSocket; readonly release: () => void } {
  const { network, limits, permits } = instance.world;
  const port = network?.udp;
  if (!port) throw new SocketError("access-denied", "no UDP is granted");
  const { reserve, release } = placesOf(instance);
  reserve();
  try {
    return { socket: new UdpSocket(port, family, network.check, { ...limits, permits }), release };
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

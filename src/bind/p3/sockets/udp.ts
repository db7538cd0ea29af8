/** `udp-socket` of `wasi:sockets/types` 0.3, as a guest calls it. */
import { tuple } from "../../../abi/composites.ts";
import { bytes } from "../../../abi/lists.ts";
import { borrow, own } from "../../../abi/owned.ts";
import { Kind, type Entry } from "../../../abi/resources.ts";
import { option } from "../../../abi/variants.ts";
import type { Steps } from "../../../io/steps.ts";
import type { Family, SocketAddress } from "../../../wasi/sockets/address.ts";
import type { SocketTally } from "../../../wasi/sockets/tallies.ts";
import { IncomingDatagrams } from "../../../wasi/sockets/udp-incoming.ts";
import type { UdpSocket } from "../../../wasi/sockets/udp-socket.ts";
import { blocking, call, type Interface } from "../../definition.ts";
import type { Instance } from "../../instance.ts";
import { openUdpSocket, talliesOf } from "../../sockets/held.ts";
import { family, socketAddress } from "../../sockets/types.ts";
import { udpOptions } from "../../sockets/udp-options.ts";
import { socketResult } from "./types.ts";

/** A socket, and what comes to it from whom it is with. */
class Datagrams {
  readonly socket: UdpSocket;
  readonly #instance: Instance;
  #peer: { readonly incoming: IncomingDatagrams; readonly tally: SocketTally } | undefined;

  constructor(instance: Instance, socket: UdpSocket) {
    this.#instance = instance;
    this.socket = socket;
  }

  *connect(remote: SocketAddress | undefined): Steps<void> {
    try {
      yield* this.socket.connect(remote);
    } finally {
      // Also after a failure, which leaves it with nobody.
      this.#peer = undefined;
    }
  }

  *send(data: Uint8Array, to: SocketAddress | undefined): Steps<void> {
    this.socket.assertSendable(data.length);
    // Sending may take a moment, and the guest's memory is not ours for so long.
    yield* this.socket.sendLater(data.slice(), to);
    const { sent } = this.#withPeer().tally;
    sent.calls++;
    sent.bytes += data.length;
  }

  *receive(): Steps<readonly [Uint8Array, SocketAddress]> {
    for (;;) {
      // It may be with somebody else by now.
      const { incoming } = this.#withPeer();
      const [datagram] = incoming.receive(1);
      if (datagram) return [datagram.data, datagram.from];
      yield incoming;
    }
  }

  toString(): string {
    return this.socket.toString();
  }

  #withPeer(): { readonly incoming: IncomingDatagrams; readonly tally: SocketTally } {
    if (this.#peer) return this.#peer;
    const { socket } = this;
    const local = socket.localAddress();
    const { remote } = socket;
    const tally = talliesOf(this.#instance).add("udp", local, remote);
    const incoming = new IncomingDatagrams(socket, remote, () => {}, tally.received);
    return (this.#peer = { incoming, tally });
  }
}

export const UDP_SOCKET: Kind<Datagrams> = new Kind("udp-socket");

const self = borrow(UDP_SOCKET);
const unit = socketResult<void>(null);

function create(instance: Instance, of: Family): Entry {
  const { socket, release } = openUdpSocket(instance, of);
  return instance.resources.add(UDP_SOCKET, new Datagrams(instance, socket), () => {
    release();
    socket.drop();
  });
}

function* bind({ socket }: Datagrams, address: SocketAddress): Steps<void> {
  yield* socket.startBind(address);
  socket.finishBind();
}

function* disconnect(datagrams: Datagrams): Steps<void> {
  // It says so if there is none.
  datagrams.socket.remoteAddress();
  yield* datagrams.connect(undefined);
}

export const udpFunctions = (): Interface["functions"] => ({
  "[static]udp-socket.create": call([family], socketResult(own(UDP_SOCKET)), create),
  "[method]udp-socket.bind": blocking([self, socketAddress], unit, (_, of, address) => bind(of, address)),
  "[method]udp-socket.connect": blocking([self, socketAddress], unit, (_, of, remote) => of.connect(remote)),
  "[method]udp-socket.disconnect": blocking([self], unit, (_, of) => disconnect(of)),
  "[method]udp-socket.send": blocking([self, bytes, option(socketAddress)], unit, (_, of, data, to) =>
    of.send(data, to),
  ),
  "[method]udp-socket.receive": blocking([self], socketResult(tuple(bytes, socketAddress)), (_, of) => of.receive()),
  ...udpOptions({ resource: "udp-socket", self, socketOf: ({ socket }) => socket, socketResult, get: "get-" }),
});

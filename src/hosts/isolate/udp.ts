/** The UDP of a network, for a guest in another thread. */
import type { Family, SocketAddress } from "../../wasi/sockets/address.ts";
import type { SendReport, UdpEvents, UdpHandle, UdpPort } from "../../wasi/sockets/udp-port.ts";
import { errorOf, wireOf, type WireError } from "./errors.ts";
import type { Link } from "./link.ts";
import { OpenSockets, remoteSocket } from "./sockets.ts";

/** What a socket has told of itself. */
type WireEvent =
  | { readonly is: "received"; readonly data: Uint8Array; readonly from: SocketAddress }
  | { readonly is: "failed"; readonly cause: WireError };

/** What an event costs beside its data, about. */
const EVENT_BYTES = 256;

/** In the thread of the network: what the guest has open. */
export class OpenUdp {
  readonly #link: Link;
  readonly #maxBytes: number;
  readonly #sockets: OpenSockets<UdpHandle>;

  /** @param maxBytes Of datagrams that the guest's thread has not heard of, for each socket: more are lost. */
  constructor(link: Link, port: UdpPort, maxBytes: number) {
    this.#link = link;
    this.#maxBytes = maxBytes;
    this.#sockets = new OpenSockets(link, "udp");
    const on = (number: number): UdpHandle => this.#sockets.at(number);
    link.answer({
      udpOpen: (number: number, family: Family) => this.#sockets.add(number, port.open(family, this.#events(number))),
      udpConnect: (number: number, remote: SocketAddress | undefined) => on(number).connect(remote),
      udpSend: (number: number, sending: number, data: Uint8Array, to: SocketAddress | undefined) =>
        this.#send(number, sending, data, to),
      udpHopLimit: (number: number) => on(number).hopLimit(),
      udpSetHopLimit: (number: number, value: number) => on(number).setHopLimit(value),
      udpBufferSize: (number: number, which: "receive" | "send") => on(number).bufferSize(which),
      udpSetBufferSize: (number: number, which: "receive" | "send", bytes: number) =>
        on(number).setBufferSize(which, bytes),
    });
  }

  /** The instance is over. */
  release(): void {
    this.#sockets.release();
  }

  #events(number: number): UdpEvents {
    let events: WireEvent[] = [];
    let unheard = 0;
    let bytes = 0;
    const add = (event: WireEvent, cost: number): void => {
      if (unheard + bytes + cost > this.#maxBytes) return;
      bytes += cost;
      events.push(event);
    };
    return {
      received: (data, from) => add({ is: "received", data, from }, data.length + EVENT_BYTES),
      failed: (cause) => add({ is: "failed", cause: wireOf(cause) }, EVENT_BYTES),
      settled: () => {
        const [told, cost] = [events, bytes];
        events = [];
        bytes = 0;
        unheard += cost;
        const heard = (): void => void (unheard -= cost);
        this.#link.call("udpEvents", number, told).then(heard, heard);
      },
    };
  }

  #send(number: number, sending: number, data: Uint8Array, to: SocketAddress | undefined): void {
    const left = (cause?: unknown): void =>
      this.#link.tell("udpLeft", sending, cause === undefined || cause === null ? undefined : wireOf(cause));
    try {
      this.#sockets.at(number).send(data, to, { queued: () => this.#link.tell("udpQueued", sending), left });
    } catch (cause) {
      left(cause);
    }
  }
}

/** In the thread of the guest. */
export class RemoteUdp implements UdpPort {
  readonly #link: Link;
  readonly #sockets = new Map<number, UdpEvents>();
  readonly #sendings = new Map<number, SendReport>();
  #last = 0;

  constructor(link: Link) {
    this.#link = link;
    link.answer({
      udpEvents: (number: number, events: readonly WireEvent[]) => {
        const socket = this.#sockets.get(number);
        for (const event of events) {
          if (event.is === "received") socket?.received(event.data, event.from);
          else socket?.failed(errorOf(event.cause));
        }
        socket?.settled();
      },
      udpQueued: (sending: number) => this.#sendings.get(sending)?.queued(),
      udpLeft: (sending: number, cause: WireError | undefined) => {
        this.#sendings.get(sending)?.left(cause && errorOf(cause));
        this.#sendings.delete(sending);
      },
    });
  }

  open(family: Family, events: UdpEvents): UdpHandle {
    const link = this.#link;
    const number = ++this.#last;
    link.callNow("udpOpen", number, family);
    this.#sockets.set(number, events);
    return {
      ...remoteSocket(link, "udp", number, () => this.#sockets.delete(number)),
      connect: (remote) => link.call("udpConnect", number, remote) as Promise<void>,
      send: (data, to, report) => {
        const sending = ++this.#last;
        this.#sendings.set(sending, report);
        link.tell("udpSend", number, sending, data, to);
      },
      hopLimit: () => link.callNow("udpHopLimit", number) as number,
      setHopLimit: (value) => void link.callNow("udpSetHopLimit", number, value),
      bufferSize: (which) => link.callNow("udpBufferSize", number, which) as number,
      setBufferSize: (which, bytes) => void link.callNow("udpSetBufferSize", number, which, bytes),
    };
  }
}

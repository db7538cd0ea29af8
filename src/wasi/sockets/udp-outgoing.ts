import { Permit, type Permitted, type PermitMode } from "../../io/permit.ts";
import type { Readiness, Waker, Watchable } from "../../io/readiness.ts";
import type { Steps } from "../../io/steps.ts";
import { newTally, type Tally } from "../../io/tally.ts";
import type { SocketAddress } from "./address.ts";
import { SocketError } from "./error-code.ts";

const SEND: Permitted = {
  call: "outgoing-datagram-stream.send",
  check: "check-send",
  unit: "datagrams",
  without: "10.4",
  beyond: "10.4",
};

/** A datagram to be sent. */
export interface OutgoingDatagram {
  /** Valid during the call, and not longer. */
  readonly data: Uint8Array;
  /** Missing: where the socket is connected to. */
  readonly to: SocketAddress | undefined;
}

/** What the streams of a socket share. */
interface SendingSocket extends Watchable {
  readonly settings: { readonly permits: PermitMode };
  room(): number;
  send(data: Uint8Array, to: SocketAddress | undefined): Steps<void>;
}

/** All of them in one new piece of memory: to make one for each costs as much as to send it. */
function copied(datagrams: readonly OutgoingDatagram[]): OutgoingDatagram[] {
  const memory = new Uint8Array(datagrams.reduce((bytes, { data }) => bytes + data.length, 0));
  let start = 0;
  return datagrams.map(({ data, to }) => {
    memory.set(data, start);
    return { data: memory.subarray(start, (start += data.length)), to };
  });
}

/** @see WASI 0.2 `wasi:sockets/udp` `outgoing-datagram-stream` */
export class OutgoingDatagrams implements Readiness {
  readonly #socket: SendingSocket;
  readonly #permit: Permit;
  readonly #onDrop: () => void;
  readonly #tally: Tally;

  constructor(socket: SendingSocket, onDrop: () => void, tally: Tally = newTally()) {
    this.#socket = socket;
    this.#permit = new Permit(socket.settings.permits, SEND);
    this.#onDrop = onDrop;
    this.#tally = tally;
  }

  /**
   * How many datagrams the next `send` may bring; 0 is not now. Never waits, and never fails.
   *
   * @see WASI 0.2 `wasi:sockets/udp` `outgoing-datagram-stream.check-send`
   */
  checkSend(): number {
    this.#tally.calls++;
    return this.#permit.grant(this.#socket.room());
  }

  /**
   * Sends them one after the other until one cannot be sent. Gives how many were.
   *
   * @throws {SocketError} If the first cannot be sent.
   * @throws {Trap} If they are more than permitted.
   * @see WASI 0.2 `wasi:sockets/udp` `outgoing-datagram-stream.send`
   */
  *send(datagrams: readonly OutgoingDatagram[]): Steps<number> {
    this.#tally.calls++;
    this.#permit.spend(datagrams.length);
    // Sending one may take a moment, and the guest's memory is not ours for so long.
    const copies = copied(datagrams);
    for (const [sent, { data, to }] of copies.entries()) {
      try {
        yield* this.#socket.send(data, to);
        this.#tally.bytes += data.length;
      } catch (error) {
        if (sent === 0 || !(error instanceof SocketError)) throw error;
        return sent;
      }
    }
    return copies.length;
  }

  /** True when `checkSend` would not say 0. */
  ready(): boolean {
    return this.#socket.room() > 0;
  }

  watch(waker: Waker): void {
    this.#tally.waits++;
    this.#socket.watch(waker);
  }

  unwatch(waker: Waker): void {
    this.#socket.unwatch(waker);
  }

  /** The guest lets go of it. What was sent still leaves. */
  drop(): void {
    this.#onDrop();
  }
}

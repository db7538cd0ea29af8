import type { PermitMode } from "../../io/permit.ts";
import { ALWAYS, Signal, type Readiness, type Waker, type Watchable } from "../../io/readiness.ts";
import type { Steps } from "../../io/steps.ts";
import { Trap } from "../../io/trap.ts";
import { addressText, anywhere, isRemote, sameAddress, suits, type Family, type SocketAddress } from "./address.ts";
import { failureOf, SocketError, WOULD_BLOCK } from "./error-code.ts";
import { permitted, type AddressCheck } from "./network.ts";
import { denied, reported, told } from "./telling.ts";
import { IncomingDatagrams } from "./udp-incoming.ts";
import { OutgoingDatagrams } from "./udp-outgoing.ts";
import type { UdpHandle, UdpPort } from "./udp-port.ts";
import { costOf, DatagramQueue, largestIn } from "./udp-queue.ts";
import { Sending } from "./udp-sending.ts";
import { SocketTallies } from "./tallies.ts";

/** What a socket may hold, and how its sends are permitted. */
export interface UdpSettings {
  readonly datagramBytes: number;
  readonly readBytes: number;
  readonly permits: PermitMode;
}

/** Where a socket is on its way to be bound. */
type Binding =
  /** Becomes starting. */
  | "unbound"
  /** The bind is under way. Becomes started, or unbound if it fails. */
  | "starting"
  /** Bound; nobody has asked yet. Becomes bound. */
  | "started"
  /** Final. */
  | "bound";

const LARGEST: Readonly<Record<Family, number>> = { ipv4: 65_507, ipv6: 65_527 };
const MAX_BUFFER_BYTES = 2 ** 31 - 1;

/**
 * A UDP socket: its state, its options, and what its two streams share.
 *
 * @see WASI 0.2 `wasi:sockets/udp` `udp-socket`
 */
export class UdpSocket implements Watchable {
  readonly family: Family;
  /** Always ready: nothing that a socket does is waited for (10.8). */
  readonly readiness: Readiness = ALWAYS;
  readonly settings: UdpSettings;
  readonly check: AddressCheck;
  readonly arrived: DatagramQueue;
  readonly #handle: UdpHandle;
  readonly #changed = new Signal();
  #binding: Binding = "unbound";
  #remote: SocketAddress | undefined;
  #associating = false;
  /** Streams that the guest has not dropped. */
  #streams = 0;
  #pendingBytes = 0;
  /** Of datagrams that wait for room, and may wait to be permitted. */
  #waitingBytes = 0;
  #failure: { readonly cause: unknown } | undefined;
  #dropped = false;

  /** @throws {SocketError} If the network gives none. */
  constructor(port: UdpPort, family: Family, check: AddressCheck, settings: UdpSettings) {
    this.family = family;
    this.check = check;
    this.settings = settings;
    this.arrived = new DatagramQueue(settings.datagramBytes);
    this.#handle = told(() =>
      port.open(family, {
        received: (data, from) => {
          if (!this.#dropped) this.arrived.push({ data, from });
        },
        failed: (cause) => this.fail(cause),
        settled: () => this.notify(),
      }),
    );
  }

  /** @throws {SocketError} @see WASI 0.2 `wasi:sockets/udp` `udp-socket.start-bind` */
  *startBind(address: SocketAddress): Steps<void> {
    if (this.#binding === "starting" || this.#binding === "started") throw new SocketError("concurrency-conflict");
    if (this.#binding === "bound") throw new SocketError("invalid-state", "the socket is bound");
    if (!suits(address, this.family)) throw wrongAddress(address, this.family);
    this.#binding = "starting";
    let isBound = false;
    try {
      if (!(yield* permitted(this.check, address, "udp-bind"))) throw denied(address);
      this.#assertOpen();
      yield* reported(() => this.#handle.bind(address));
      isBound = true;
    } finally {
      this.#binding = isBound ? "started" : "unbound";
      this.notify();
    }
  }

  /** @throws {SocketError} @see WASI 0.2 `wasi:sockets/udp` `udp-socket.finish-bind` */
  finishBind(): void {
    if (this.#binding === "starting") throw WOULD_BLOCK;
    if (this.#binding !== "started") throw new SocketError("not-in-progress");
    this.#binding = "bound";
  }

  /**
   * The two streams: of datagrams from and to `remote` alone, or from and to anybody.
   *
   * @param tallies Among which they are counted.
   * @throws {SocketError}
   * @throws {Trap} If earlier streams live.
   * @see WASI 0.2 `wasi:sockets/udp` `udp-socket.stream`
   */
  *stream(
    remote: SocketAddress | undefined,
    tallies: SocketTallies = new SocketTallies(),
  ): Steps<readonly [IncomingDatagrams, OutgoingDatagrams]> {
    if (this.#streams > 0) {
      throw new Trap("10.3", "udp-socket.stream: earlier streams of this socket live; drop both of them first");
    }
    if (!this.#isBound()) throw new SocketError("invalid-state", "the socket is not bound");
    yield* this.connect(remote);
    this.#streams = 2;
    const onDrop = (): void => void this.#streams--;
    const { received, sent } = tallies.add("udp", this.localAddress(), remote);
    return [new IncomingDatagrams(this, remote, onDrop, received), new OutgoingDatagrams(this, onDrop, sent)];
  }

  /**
   * Exchanges datagrams with `remote` alone from now on, or with anybody. If it is not bound, it is to any port.
   *
   * @throws {SocketError}
   * @see WASI 0.3 `wasi:sockets/types` `udp-socket.connect`
   */
  *connect(remote: SocketAddress | undefined): Steps<void> {
    if (this.#associating) throw new SocketError("concurrency-conflict");
    this.#associating = true;
    try {
      if (remote) yield* this.#assertPeer(remote);
      yield* this.#bindAnywhere();
      yield* this.#associate(remote);
    } finally {
      this.#associating = false;
    }
  }

  /** @throws {SocketError} If it is not bound. */
  localAddress(): SocketAddress {
    if (!this.#isBound()) throw new SocketError("invalid-state", "the socket is not bound");
    return told(() => this.#handle.local());
  }

  /** @throws {SocketError} If it is with nobody. */
  remoteAddress(): SocketAddress {
    if (!this.#remote) throw new SocketError("invalid-state", "the socket is not connected");
    return this.#remote;
  }

  /** Missing: it is with anybody. */
  get remote(): SocketAddress | undefined {
    return this.#remote;
  }

  hopLimit(): number {
    return told(() => this.#handle.hopLimit());
  }

  /** @throws {SocketError} For 0. */
  setHopLimit(value: number): void {
    if (value === 0) throw new SocketError("invalid-argument", "a hop limit is at least 1");
    told(() => this.#handle.setHopLimit(value));
  }

  bufferSize(which: "receive" | "send"): number {
    return told(() => this.#handle.bufferSize(which));
  }

  /** @param bytes May be more than any system has. @throws {SocketError} For 0. */
  setBufferSize(which: "receive" | "send", bytes: number): void {
    if (bytes === 0) throw new SocketError("invalid-argument", `the size of a ${which} buffer is at least 1`);
    told(() => this.#handle.setBufferSize(which, Math.min(bytes, MAX_BUFFER_BYTES)));
  }

  /** Datagrams of the largest size for which there is room now, among those that wait to leave. */
  room(): number {
    const room = largestIn(this.settings.datagramBytes - this.#pendingBytes);
    return Math.max(room, this.#pendingBytes === 0 ? 1 : 0);
  }

  /** @throws {SocketError} If no datagram can have so many bytes. */
  assertSendable(bytes: number): void {
    if (bytes > LARGEST[this.family]) {
      throw new SocketError("datagram-too-large", `a datagram of ${bytes} bytes: at most ${LARGEST[this.family]}`);
    }
  }

  /**
   * Sends one datagram, and waits until it has left or has been queued: no longer than a turn. If the socket is not bound,
   * it is to any port.
   *
   * @param data Belongs to the socket from now on.
   * @param to Missing: where the socket is connected to.
   * @throws {SocketError}
   */
  *send(data: Uint8Array, to: SocketAddress | undefined): Steps<void> {
    this.assertSendable(data.length);
    const remote = this.#remote;
    const target = to ?? remote;
    if (!target) throw new SocketError("invalid-argument", "the socket is not connected, and no address is given");
    if (to) assertRemote(to, this.family);
    if (to && remote && !sameAddress(to, remote)) {
      throw new SocketError("invalid-argument", "the address is not that of the peer that the socket is connected to");
    }
    if (!(yield* permitted(this.check, target, "udp-send"))) throw denied(target);
    if (!this.#isBound()) yield* this.#bindAnywhere();
    this.#assertOpen();
    this.takeFailure();
    const sending = new Sending(this, data.length);
    told(
      () => this.#handle.send(data, remote ? undefined : target, sending),
      () => sending.left(),
    );
    yield* sending.taken();
  }

  /**
   * As `send`, but waits until there is room.
   *
   * @throws {SocketError} `out-of-memory` if as much waits already as the socket may hold.
   */
  *sendLater(data: Uint8Array, to: SocketAddress | undefined): Steps<void> {
    const bytes = costOf(data.length);
    if (this.#waitingBytes > 0 && this.#waitingBytes + bytes > this.settings.datagramBytes) {
      const message = `${this.#waitingBytes} bytes wait to be sent (limits.datagramBytes)`;
      throw new SocketError("out-of-memory", message);
    }
    this.#waitingBytes += bytes;
    try {
      yield* until(this, () => this.room() > 0);
      yield* this.send(data, to);
    } finally {
      this.#waitingBytes -= bytes;
    }
  }

  /** A datagram of so many bytes waits to leave, or (negative) no longer does. */
  pend(bytes: number): void {
    this.#pendingBytes += bytes;
    if (bytes < 0) this.notify();
  }

  /** Something went wrong that no call can be told of now: the next one that can is. Only the first cause counts. */
  fail(cause: unknown): void {
    this.#failure ??= { cause };
  }

  get hasFailed(): boolean {
    return this.#failure !== undefined;
  }

  /** Throws what went wrong meanwhile, once. */
  takeFailure(): void {
    const failure = this.#failure;
    this.#failure = undefined;
    if (failure) throw failureOf(failure.cause);
  }

  notify(): void {
    this.#changed.notify();
  }

  watch(waker: Waker): void {
    this.#changed.watch(waker);
  }

  unwatch(waker: Waker): void {
    this.#changed.unwatch(waker);
  }

  /** The guest lets go of it. What was sent still leaves. */
  drop(): void {
    this.#dropped = true;
    this.arrived.clear();
    this.#handle.close();
  }

  /** For traces: where it is bound, and with whom it exchanges datagrams. */
  toString(): string {
    const remote = this.#remote ? addressText(this.#remote) : "anybody";
    try {
      return `udp-socket ${addressText(this.localAddress())} -> ${remote}`;
    } catch {
      return "udp-socket (not bound)";
    }
  }

  #isBound(): boolean {
    return this.#binding === "started" || this.#binding === "bound";
  }

  /** It may have been dropped while somebody was asked. */
  #assertOpen(): void {
    if (this.#dropped) throw new SocketError("invalid-state", "the socket is gone");
  }

  /** If it is not bound. @throws {SocketError} */
  *#bindAnywhere(): Steps<void> {
    yield* until(this, () => this.#binding !== "starting");
    if (this.#isBound()) return;
    yield* this.startBind(anywhere(this.family));
    this.finishBind();
  }

  *#assertPeer(remote: SocketAddress): Steps<void> {
    assertRemote(remote, this.family);
    if (yield* permitted(this.check, remote, "udp-send")) return;
    if (!(yield* permitted(this.check, remote, "udp-receive"))) throw denied(remote);
  }

  *#associate(remote: SocketAddress | undefined): Steps<void> {
    const same = remote && this.#remote ? sameAddress(remote, this.#remote) : remote === this.#remote;
    if (same) return;
    // What waits to leave belongs to the peer that it was sent to.
    yield* until(this, () => this.#pendingBytes === 0);
    this.#assertOpen();
    this.#remote = undefined;
    yield* reported(() => this.#handle.connect(remote));
    this.#remote = remote;
  }
}

/** Waits until something is so that changes when `socket` does. */
function* until(socket: Watchable, ready: () => boolean): Steps<void> {
  const readiness: Readiness = {
    ready,
    watch: (waker) => socket.watch(waker),
    unwatch: (waker) => socket.unwatch(waker),
  };
  while (!ready()) yield readiness;
}

function assertRemote(address: SocketAddress, family: Family): void {
  if (!suits(address, family)) throw wrongAddress(address, family);
  if (!isRemote(address)) throw new SocketError("invalid-argument", "a remote address has an IP and a port");
}

function wrongAddress({ ip }: SocketAddress, family: Family): SocketError {
  return new SocketError("invalid-argument", `${ip} is no address of a socket of ${family}`);
}

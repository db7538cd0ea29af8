import type { Readiness, Waker, Watchable } from "../../io/readiness.ts";
import { newTally, type Tally } from "../../io/tally.ts";
import type { SocketAddress } from "./address.ts";
import { isYes, type AddressCheck } from "./network.ts";
import type { Datagram, DatagramQueue } from "./udp-queue.ts";

/** Datagrams that one call gives at most. */
const MAX_DATAGRAMS = 16;

/** What the streams of a socket share. */
interface Receiver extends Watchable {
  readonly arrived: DatagramQueue;
  readonly check: AddressCheck;
  readonly settings: { readonly readBytes: number };
  readonly hasFailed: boolean;
  takeFailure(): void;
  notify(): void;
}

/** Whether the first of the queue may be taken. */
type Verdict =
  /** Somebody is being asked. Becomes one of the others. */
  | { readonly tag: "pending" }
  | { readonly tag: "allowed" }
  | { readonly tag: "denied" }
  /** Who was asked failed. */
  | { readonly tag: "fault"; readonly cause: unknown };

const PENDING: Verdict = { tag: "pending" };

/** @see WASI 0.2 `wasi:sockets/udp` `incoming-datagram-stream` */
export class IncomingDatagrams implements Readiness {
  readonly #socket: Receiver;
  readonly #remote: SocketAddress | undefined;
  readonly #onDrop: () => void;
  readonly #tally: Tally;
  #judged: { readonly datagram: Datagram; verdict: Verdict } | undefined;

  /** @param remote Datagrams of everybody else are dropped, also those that have arrived already. */
  constructor(socket: Receiver, remote: SocketAddress | undefined, onDrop: () => void, tally: Tally = newTally()) {
    this.#socket = socket;
    this.#remote = remote;
    this.#onDrop = onDrop;
    this.#tally = tally;
  }

  /**
   * The datagrams that are there now: at most `max`, at most 16, and no more once there are `limits.readBytes`. Never
   * waits. Whole ones, and they are the caller's.
   *
   * @throws {SocketError} What went wrong meanwhile, once, when there is no datagram.
   * @see WASI 0.2 `wasi:sockets/udp` `incoming-datagram-stream.receive`
   */
  receive(max: number): Datagram[] {
    const datagrams: Datagram[] = [];
    this.#tally.calls++;
    if (max === 0) return datagrams;
    let bytes = 0;
    while (datagrams.length < Math.min(max, MAX_DATAGRAMS) && bytes < this.#socket.settings.readBytes) {
      const next = this.#next();
      if (!next) break;
      this.#socket.arrived.shift();
      datagrams.push(next);
      this.#tally.bytes += next.data.length;
      bytes += next.data.length + 1;
    }
    if (datagrams.length === 0) this.#socket.takeFailure();
    return datagrams;
  }

  /** True when `receive` would give a datagram or an error. */
  ready(): boolean {
    return this.#next() !== undefined || this.#socket.hasFailed;
  }

  watch(waker: Waker): void {
    this.#tally.waits++;
    this.#socket.watch(waker);
  }

  unwatch(waker: Waker): void {
    this.#socket.unwatch(waker);
  }

  /** The guest lets go of it. */
  drop(): void {
    this.#onDrop();
  }

  /** The first of the queue that is for the guest; those before it that are not are dropped. */
  #next(): Datagram | undefined {
    for (;;) {
      const { first } = this.#socket.arrived;
      if (!first) return undefined;
      const verdict = this.#isPeer(first.from) ? this.#verdict(first) : undefined;
      if (verdict?.tag === "allowed") return first;
      if (verdict?.tag === "pending") return undefined;
      this.#socket.arrived.shift();
      if (verdict?.tag === "fault") throw verdict.cause;
    }
  }

  #isPeer(from: SocketAddress): boolean {
    const remote = this.#remote;
    if (!remote) return true;
    // Nobody but the peer's own system knows the flow; the link counts if it was named.
    const sameLink = !remote.scopeId || remote.scopeId === from.scopeId;
    return remote.ip === from.ip && remote.port === from.port && sameLink;
  }

  /** What was said of it, which is asked once. */
  #verdict(datagram: Datagram): Verdict {
    if (this.#judged?.datagram === datagram) return this.#judged.verdict;
    const answer = this.#socket.check(datagram.from, "udp-receive");
    if (!(answer instanceof Promise)) {
      const verdict = verdictOf(answer);
      this.#judged = { datagram, verdict };
      return verdict;
    }
    const judged = { datagram, verdict: PENDING };
    this.#judged = judged;
    const settle = (verdict: Verdict): void => {
      judged.verdict = verdict;
      this.#socket.notify();
    };
    answer.then(
      (allowed) => settle(verdictOf(allowed)),
      (cause: unknown) => settle({ tag: "fault", cause }),
    );
    return PENDING;
  }
}

function verdictOf(answer: boolean): Verdict {
  return isYes(answer) ? { tag: "allowed" } : { tag: "denied" };
}

import { Signal, type Readiness, type Waker } from "../../io/readiness.ts";
import type { Steps } from "../../io/steps.ts";
import { failureOf } from "./error-code.ts";
import type { SendReport } from "./udp-port.ts";
import { costOf } from "./udp-queue.ts";

/** Who a datagram is sent for. */
interface Sender {
  pend(bytes: number): void;
  fail(cause: unknown): void;
  notify(): void;
}

type State =
  /** Handed to the network, which has not said anything. May become queued or left. */
  | { readonly tag: "handed" }
  /** It waits for room: the sender does not. Becomes left. */
  | { readonly tag: "queued" }
  /** Final. */
  | { readonly tag: "left"; readonly cause: unknown };

/** One datagram on its way out. Counts as pending until it has left. */
export class Sending implements SendReport, Readiness {
  readonly #sender: Sender;
  readonly #bytes: number;
  readonly #changed = new Signal();
  #state: State = { tag: "handed" };

  constructor(sender: Sender, bytes: number) {
    this.#sender = sender;
    this.#bytes = costOf(bytes);
    sender.pend(this.#bytes);
  }

  queued(): void {
    if (this.#state.tag !== "handed") return;
    this.#state = { tag: "queued" };
    this.#changed.notify();
  }

  left(cause?: unknown): void {
    const { tag } = this.#state;
    if (tag === "left") return;
    this.#state = { tag: "left", cause };
    // Its sender has gone on meanwhile: whoever calls next is told.
    if (tag === "queued" && cause !== undefined && cause !== null) this.#sender.fail(cause);
    this.#sender.pend(-this.#bytes);
    this.#changed.notify();
  }

  /** Waits until it has left or is queued. @throws {SocketError} If it could not be sent. */
  *taken(): Steps<void> {
    try {
      while (!this.ready()) yield this;
    } finally {
      // Given up: nobody waits for it any more.
      this.queued();
    }
    const state = this.#state;
    if (state.tag === "left" && state.cause !== undefined && state.cause !== null) throw failureOf(state.cause);
  }

  ready(): boolean {
    return this.#state.tag !== "handed";
  }

  watch(waker: Waker): void {
    this.#changed.watch(waker);
  }

  unwatch(waker: Waker): void {
    this.#changed.unwatch(waker);
  }
}

/** A broker that can be out of reach, processes that die or stand still, and what goes wrong between them: all from one seed. */
import { setImmediate as turn } from "node:timers/promises";
import { BrokerError } from "../../../src/nats/broker-error.ts";
import type { Timing } from "../../../src/nats/log.ts";
import type { Random } from "../../random.ts";

/** Milliseconds that a client waits for an answer. */
export const ANSWER_MS = 1000;

/** A process: what it waits for never comes once it is dead, and later if it stands still. */
export class Process {
  isAlive = true;
  stoppedUntil = 0;
  /** Requests over one connection arrive in order. */
  lastArrival = 0;
}

interface Event {
  readonly at: number;
  readonly order: number;
  readonly happen: () => void;
}

export class World {
  now = 0;
  /** Until when things go wrong. */
  readonly calmFrom: number;
  readonly random: Random;
  #events: Event[] = [];
  #order = 0;
  #offlineUntil = 0;

  constructor(random: Random, calmFrom: number) {
    this.random = random;
    this.calmFrom = calmFrom;
    for (let outages = random.below(3); outages > 0; outages--) {
      this.later(random.below(calmFrom), () => {
        this.#offlineUntil = this.now + random.from(10, 5000);
      });
    }
  }

  get isCalm(): boolean {
    return this.now >= this.calmFrom;
  }

  later(ms: number, happen: () => void): void {
    const event = { at: this.now + ms, order: this.#order++, happen };
    const at = this.#events.findLastIndex((other) => other.at <= event.at);
    this.#events.splice(at + 1, 0, event);
  }

  /** Lets things happen until it is so. @returns Whether it ever is. */
  async until(isOver: () => boolean, most = 30_000): Promise<boolean> {
    for (let count = 0; count < most; count++) {
      // oxlint-disable-next-line no-await-in-loop -- whoever has been answered goes on
      await turn();
      if (isOver()) return true;
      const event = this.#events.shift();
      if (!event) return false;
      this.now = event.at;
      event.happen();
    }
    return false;
  }

  /** In a process: not if it is dead by then, and not before it goes on. */
  in(process: Process, ms: number, happen: () => void): void {
    this.later(ms, () => {
      if (!process.isAlive) return;
      if (process.stoppedUntil > this.now) this.in(process, process.stoppedUntil - this.now, happen);
      else happen();
    });
  }

  timing(process: Process): Timing {
    return {
      now: () => this.now,
      wait: (ms) => new Promise((resolve) => this.in(process, ms, resolve)),
    };
  }

  /** Asks the broker: the question or its answer may be lost, late, or come twice. */
  ask<T>(process: Process, perform: () => T): Promise<T> {
    return new Promise((resolve, reject) => {
      const fate = this.isCalm ? "none" : this.random.of(FATES);
      this.in(process, ANSWER_MS, () => reject(new BrokerError("unknown", "timeout")));
      const arrive = (): void => {
        if (this.#isOffline) return;
        let settle: () => void;
        try {
          const value = perform();
          settle = () => resolve(value);
        } catch (error) {
          settle = () => reject(error);
        }
        if (fate !== "answer lost") this.in(process, this.#shortly(), settle);
      };
      this.#send(process, fate, arrive);
    });
  }

  /** Tells the broker, which does not answer. */
  tell(process: Process, perform: () => void): void {
    if (!process.isAlive) return;
    this.#send(process, this.isCalm ? "none" : this.random.of(FATES), () => {
      if (!this.#isOffline) perform();
    });
  }

  #send(process: Process, fate: Fate, arrive: () => void): void {
    if (fate === "lost") return;
    if (fate === "late") {
      this.later(this.random.from(100, 3 * ANSWER_MS), arrive);
      return;
    }
    process.lastArrival = Math.max(process.lastArrival, this.now + this.#shortly());
    this.later(process.lastArrival - this.now, arrive);
    if (fate === "twice") this.later(process.lastArrival - this.now + this.random.below(50), arrive);
  }

  get #isOffline(): boolean {
    return !this.isCalm && this.now < this.#offlineUntil;
  }

  #shortly(): number {
    return this.random.below(5);
  }
}

type Fate = "none" | "lost" | "answer lost" | "late" | "twice";
const FATES: readonly Fate[] = [
  ...Array.from({ length: 20 }, () => "none" as const),
  ...(["lost", "answer lost", "answer lost", "late", "twice"] as const),
];

import { BrokerError } from "../broker-error.ts";
import { Retry } from "../retry.ts";
import type { Timing } from "../log.ts";
import { carryOut, type Delivery, type JobOptions, type Outcome } from "./job.ts";

/** What a worker has done, and is doing. */
export interface WorkCounts {
  /** Jobs under way now. */
  running: number;
  /** Jobs whose result this worker has stored. */
  done: number;
  /** Whose result was there already. */
  already: number;
  /** Attempts that failed and are repeated. */
  retried: number;
  /** Jobs that have failed for the last time. */
  dead: number;
  /** That somebody else had by then, or that could not be stored. */
  left: number;
  /** Deliveries that were not the first of their job. */
  redelivered: number;
  /** How often the broker was out of reach when a job was asked for. */
  outages: number;
}

export interface Deliveries {
  /** The next job; `undefined` if none comes for a while. @throws {BrokerError} */
  next(): Promise<Delivery | undefined>;
}

export interface WorkerOptions extends JobOptions {
  /** Jobs at the same time. */
  readonly concurrency: number;
  /** Milliseconds between words to the broker that a job is under way. */
  readonly heartbeatMs: number;
  /** Calls back every `ms` milliseconds. Gives what ends that. */
  readonly every: (ms: number, callback: () => void) => () => void;
  readonly timing: Timing;
  /** Told of each delivery that is over. */
  readonly onOutcome: (delivery: Delivery, outcome: Outcome) => void;
}

/** Takes jobs from a queue and carries them out, some at a time, until it is to stop. */
export class Worker {
  readonly counts: WorkCounts = {
    running: 0,
    done: 0,
    already: 0,
    retried: 0,
    dead: 0,
    left: 0,
    redelivered: 0,
    outages: 0,
  };
  /** Resolves when it has stopped; rejects with what it could not go on after. */
  readonly stopped: Promise<void>;
  readonly #queue: Deliveries;
  readonly #options: WorkerOptions;
  #isStopping = false;

  constructor(queue: Deliveries, options: WorkerOptions) {
    this.#queue = queue;
    this.#options = options;
    this.stopped = Promise.all(Array.from({ length: options.concurrency }, () => this.#lane())).then(() => {});
    // Whoever asks is told; the process does not end because nobody does.
    this.stopped.catch(() => {});
  }

  /** Whether it takes jobs. */
  get isTaking(): boolean {
    return !this.#isStopping;
  }

  /** Asks for no more jobs. What is under way, or comes of what was asked before, goes on; resolves when that is over. */
  async drain(): Promise<void> {
    this.#isStopping = true;
    await this.stopped;
  }

  /** One job after the other. */
  async #lane(): Promise<void> {
    const retry = new Retry(this.#options.timing, this.#options.giveUpMs);
    try {
      /* oxlint-disable no-await-in-loop -- that is what a lane is */
      while (!this.#isStopping) {
        const delivery = await this.#next(retry);
        // What has come meanwhile is carried out too: to give it back would count as one of its deliveries.
        if (delivery !== undefined) await this.#carryOut(delivery);
      }
      /* oxlint-enable no-await-in-loop */
    } finally {
      // Where one lane cannot go on the others cannot either.
      this.#isStopping = true;
    }
  }

  async #next(retry: Retry): Promise<Delivery | undefined> {
    try {
      const delivery = await this.#queue.next();
      retry.succeeded();
      return delivery;
    } catch (error) {
      if (!(error instanceof BrokerError) || error.kind !== "unknown") throw error;
      this.counts.outages++;
      await retry.failed(error);
      return undefined;
    }
  }

  async #carryOut(delivery: Delivery): Promise<void> {
    const { counts } = this;
    counts.running++;
    if (delivery.job.attempt > 1) counts.redelivered++;
    const stopBeating = this.#options.every(this.#options.heartbeatMs, () => delivery.working());
    try {
      const outcome = await carryOut(delivery, this.#options);
      counts[outcome]++;
      this.#options.onOutcome(delivery, outcome);
    } finally {
      stopBeating();
      counts.running--;
    }
  }
}

/** A process that is killed or stopped at one of its calls to a broker in memory. */
import type { Log, LogReader } from "../../src/nats/log.ts";
import type { Delivery, Job } from "../../src/nats/work/job.ts";
import { microtasks } from "../../src/testing/index.ts";

/** When, around a call: before the broker has got it, or when it has done it and the answer is under way. */
export type When = "before" | "after";

/** What becomes of a process: nothing more is heard of it, or it goes on when it is resumed. */
export type How = "killed" | "stopped";

const NEVER = new Promise<never>(() => {});

export class Life {
  /** Calls that it has made. */
  calls = 0;
  readonly #at: number;
  readonly #when: When;
  readonly #how: How;
  readonly #resumed = Promise.withResolvers<void>();
  #isStill = false;

  /** @param at The call at which it happens, from 0 on; `Infinity`: never. */
  constructor(at = Infinity, when: When = "before", how: How = "killed") {
    this.#at = at;
    this.#when = when;
    this.#how = how;
  }

  /** It goes on where it was stopped. */
  resume(): void {
    this.#isStill = false;
    this.#resumed.resolve();
  }

  log(log: Log): Log {
    return {
      subject: log.subject,
      isExclusive: log.isExclusive,
      append: (record, expected) => this.#call(() => log.append(record, expected)),
      last: () => this.#call(() => log.last()),
      at: (sequence) => this.#call(() => log.at(sequence)),
      extent: () => this.#call(() => log.extent()),
      read: (sequence) => this.#reader(log.read(sequence)),
    };
  }

  /** @param said Given what the broker has heard of the job. */
  delivery(job: Job, said: (what: "ack" | "again" | "drop") => void): Delivery {
    const tell = (what: "ack" | "again" | "drop"): void => {
      void this.#call(async () => said(what));
    };
    return {
      job,
      acknowledge: () => tell("ack"),
      again: () => tell("again"),
      drop: () => tell("drop"),
      working: () => {},
    };
  }

  #reader(reader: LogReader): LogReader {
    return { next: () => this.#call(() => reader.next()), close: () => this.#call(() => reader.close()) };
  }

  async #call<T>(act: () => Promise<T>): Promise<T> {
    if (this.#isStill) await this.#waitStill();
    const isIt = this.calls++ === this.#at;
    if (isIt && this.#when === "before") await this.#waitStill();
    try {
      return await act();
    } finally {
      if (this.#isStill || (isIt && this.#when === "after")) await this.#waitStill();
    }
  }

  #waitStill(): Promise<void> {
    this.#isStill = true;
    return this.#how === "killed" ? NEVER : this.#resumed.promise;
  }
}

/** Long enough for whoever is alive: what happens in memory takes no time. */
export async function settled(): Promise<void> {
  // oxlint-disable-next-line no-await-in-loop -- one turn after the other
  for (let turn = 0; turn < 12; turn++) await microtasks();
}

/**
 * Each way in which a process can end or stand still, at each of its calls.
 *
 * @param play Plays it, with such a process. Whether there were as many calls is seen by its count.
 * @returns How many were played.
 */
export async function atEachCall(play: (newLife: () => Life, what: string) => Promise<void>): Promise<number> {
  let played = 0;
  /* oxlint-disable no-await-in-loop -- one play after the other */
  for (const how of ["killed", "stopped"] as const) {
    for (const when of ["before", "after"] as const) {
      for (let at = 0, most = Infinity; at < most; at++) {
        const lives: Life[] = [];
        const newLife = (): Life => {
          const life = new Life(at, when, how);
          lives.push(life);
          return life;
        };
        await play(newLife, `${how} ${when} call ${at}`);
        played++;
        if (lives.every(({ calls }) => calls <= at)) most = at;
      }
    }
  }
  /* oxlint-enable no-await-in-loop */
  return played;
}

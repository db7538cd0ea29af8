/** What answers requests in threads of its own: each answers one at a time. */
import type { Answering, Exchange } from "../../run/serve/answering.ts";
import { Idle } from "../../run/serve/idle.ts";
import { afterMs, TimeoutError } from "../../run/life.ts";
import type { OptionsOf } from "../../run/serve/pool.ts";
import type { Elsewhere } from "../../run/serve/serve.ts";
import type { MonotonicClock } from "../../wasi/clocks/clocks.ts";
import { Bodies, type WireResponse } from "./bodies.ts";
import { errorOf, type WireError } from "./errors.ts";
import type { ServingData } from "./guests.ts";
import type { WireOptions } from "./options.ts";
import { Thread, type Threads } from "./thread.ts";

/** More requests wait for their turn. */
const MAX_THREADS = 32;

/** What a guest that only computes has beyond its time. */
const GRACE_MS = 500;

const CLOSED = new Error("the server is closed");
const ANSWERED = new Error("the request is answered");

/** As `answeringOf` of run/serve/serve.ts, with instances in threads. @param bytes Of the component. */
export function threadedHandlers(threads: Threads, bytes: Uint8Array, maxMemoryBytes: number | undefined): Elsewhere {
  return {
    most: MAX_THREADS,
    async make({ optionsOf, plugs, reuse, maxIdleTime, timeout }) {
      const data = { bytes, plugs: plugs.map(({ component }) => component.bytes), maxMemoryBytes, reuse, timeout };
      return new ThreadedHandlers(threads, data, optionsOf, maxIdleTime);
    },
  };
}

class ThreadedHandlers implements Answering {
  readonly #threads: Threads;
  readonly #data: ServingData;
  readonly #optionsOf: OptionsOf;
  readonly #idle: Idle<ServingThread>;

  constructor(threads: Threads, data: ServingData, optionsOf: OptionsOf, maxIdleTime: number | undefined) {
    this.#threads = threads;
    this.#data = data;
    this.#optionsOf = optionsOf;
    this.#idle = new Idle(threads.platform.monotonicClock, maxIdleTime, (thread) => thread.end(CLOSED));
  }

  answer(exchange: Exchange): void {
    void this.#asked(exchange).then(() => exchange.over());
  }

  /** Never rejects. */
  async #asked(exchange: Exchange): Promise<void> {
    let thread: ServingThread | undefined;
    try {
      thread = this.#take() ?? new ServingThread(this.#threads, this.#data, this.#optionsOf);
    } catch (error) {
      // The runtime starts no more, or permits none.
      exchange.reject(error);
      exchange.request.body?.source.close();
    }
    await thread?.answer(exchange);
    if (thread?.isEnded === false) this.#idle.add(thread);
  }

  close(): Promise<void> {
    return this.#idle.close();
  }

  /** One that is free. */
  #take(): ServingThread | undefined {
    let thread = this.#idle.take();
    while (thread?.isEnded === true) thread = this.#idle.take();
    return thread;
  }
}

class ServingThread {
  readonly #thread: Thread;
  readonly #ready: Promise<unknown>;
  readonly #optionsOf: OptionsOf;
  readonly #timeout: number | undefined;
  readonly #clock: MonotonicClock;
  #cancelTimeout = (): void => {};

  constructor(threads: Threads, data: ServingData, optionsOf: OptionsOf) {
    this.#clock = threads.platform.monotonicClock;
    this.#timeout = data.timeout;
    this.#optionsOf = optionsOf;
    this.#thread = new Thread(threads, { options: (isPlug: boolean) => this.#options(isPlug) }, () =>
      this.#cancelTimeout(),
    );
    this.#ready = this.#thread.channel.call("serve", data);
    // Whoever asks is told.
    this.#ready.catch(() => {});
  }

  get isEnded(): boolean {
    return this.#thread.isEnded;
  }

  end(reason: unknown): Promise<void> {
    return this.#thread.end(reason);
  }

  /** Never rejects: whoever waits hears of what goes wrong. */
  async answer(exchange: Exchange): Promise<void> {
    const { request, resolve, reject } = exchange;
    const { number, link } = this.#thread.open();
    const bodies = new Bodies(link);
    link.answer({ late: (error: WireError) => exchange.late(errorOf(error)) });
    let done: Promise<unknown> | undefined;
    let isAnswered = false;
    try {
      await this.#ready;
      this.#limit();
      const { channel } = this.#thread;
      const answered = channel.call("answer", number, bodies.give(request));
      // A call as well, so that the thread is waited for.
      done = channel.call("done", number);
      done.catch(() => {});
      // What worker.ts gives.
      const response = (await answered) as WireResponse;
      isAnswered = true;
      resolve(bodies.take(response));
      await done;
      bodies.release(ANSWERED);
    } catch (error) {
      if (isAnswered) exchange.late(error);
      else reject(error);
      // Of one that goes on it is still to hear.
      if (!isAnswered) await done?.catch(() => {});
      request.body?.source.close();
      bodies.release(error);
    }
    this.#cancelTimeout();
    this.#thread.close(number);
  }

  /** Who waits, or calls, is ended in time by the thread itself. */
  #limit(): void {
    const timeout = this.#timeout;
    if (timeout === undefined) return;
    const end = (): void => void this.#thread.end(new TimeoutError(timeout));
    this.#cancelTimeout = afterMs(this.#clock, timeout + GRACE_MS, end);
  }

  /** For the next instance: the one before is over. Those that are plugged into it come after it. */
  #options(isPlug: boolean): Promise<WireOptions> {
    if (!isPlug) this.#thread.forget(ANSWERED);
    return this.#thread.keep(this.#optionsOf(isPlug));
  }
}

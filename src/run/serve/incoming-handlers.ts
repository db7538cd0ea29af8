/** Components that answer requests by `wasi:http/incoming-handler` 0.2: one at a time in one instance. */
import type { CoreValue } from "../../abi/type.ts";
import type { CoreFunction } from "../../wait/gate.ts";
import { Succession } from "../../wait/succession.ts";
import { canSuspend } from "../../wait/suspension.ts";
import type { HeldResource } from "../embed/js-resources.ts";
import type { Begun } from "../instantiate.ts";
import type { Levels } from "../life.ts";
import type { Platform } from "../platform.ts";
import { fits, limitTime, ownHandle, type Answering, type Exchange } from "./answering.ts";
import { Asked } from "./asked.ts";
import { Inside } from "./inside.ts";
import { Pool, type Making, type Ready } from "./pool.ts";
import { refuse } from "./refusals.ts";

/** How an instance is asked. */
interface Handle {
  readonly call: (request: HeldResource, out: HeldResource) => Promise<unknown>;
  /** Missing where that is the only way. */
  readonly inside: Inside | undefined;
}

/** A request that waits for its guest, or has it. */
interface Job {
  readonly exchange: Exchange;
  /** Once there is an instance for it. */
  ready: Ready<Handle> | undefined;
  asked: Asked | undefined;
  stopTimer: (() => void) | undefined;
}

/** A job whose guest is to be called now, inside. */
interface Call {
  readonly job: Job;
  readonly core: CoreFunction;
  readonly args: readonly CoreValue[];
}

/** How long guests are called one after the other before others have a turn. */
const TURN_MS = 1;

/** Stacks that are kept while nobody needs them. */
const MAX_IDLE = 64;

/**
 * Requests that come together are answered one after the other, on one stack, until a guest waits: that takes a tenth less
 * for each, and an instance for each request can be the same one, put back in between, which the processor has in its caches.
 */
export class IncomingHandlers implements Answering {
  readonly #platform: Platform;
  readonly #pool: Pool<Handle>;
  readonly #timeout: number | undefined;
  /** Those that have not begun, from `#at` on. */
  readonly #jobs: Job[] = [];
  #at = 0;
  /** Those that wait for the next who needs one. Missing where guests block their thread, and before the first request is over. */
  #rows: Row[] | undefined;
  #canSuspend: boolean;
  /** Whether those that wait begin soon, or now. */
  #isDue = false;
  /** Until when they do, on the clock of the loop; 0: not now. */
  #until = 0;

  /** @param name Of the interface that is exported. */
  constructor(platform: Platform, making: Omit<Making<Handle>, "handlerOf">, name: string) {
    this.#platform = platform;
    this.#timeout = making.timeout;
    this.#pool = new Pool(platform, { ...making, handlerOf: (begun) => handlerOf(begun, name) });
    this.#canSuspend = canSuspend() && !platform.loop.parking;
  }

  levels(): Levels[] {
    return this.#pool.levels();
  }

  close(): Promise<void> {
    return this.#pool.close();
  }

  answer(exchange: Exchange): void {
    this.#add({ exchange, ready: undefined, asked: undefined, stopTimer: undefined });
  }

  #add(job: Job): void {
    this.#jobs.push(job);
    if (this.#isDue) return;
    this.#isDue = true;
    // With others that come in one go.
    void Promise.resolve().then(this.#begin);
  }

  #haveJobs(): boolean {
    return this.#at < this.#jobs.length;
  }

  readonly #begin = (): void => {
    this.#until = this.#platform.loop.now() + TURN_MS;
    while (this.#haveJobs() && this.#until > 0) {
      const row = this.#takeRow();
      if (row) this.#run(row);
      else void this.nextCall(false);
    }
    this.#until = 0;
    this.#jobs.splice(0, this.#at);
    this.#at = 0;
    this.#isDue = this.#haveJobs();
    if (this.#isDue) void this.#platform.loop.turn().then(this.#begin);
  };

  #takeRow(): Row | undefined {
    try {
      return this.#rows && (this.#rows.pop() ?? new Row(this));
    } catch {
      // Nothing can be compiled, or made, any more: each is called by itself then.
      this.#canSuspend = false;
      this.#rows = undefined;
      return undefined;
    }
  }

  #run(row: Row): void {
    const idle = (): void => {
      row.rest();
      if (this.#rows && this.#rows.length < MAX_IDLE) this.#rows.push(row);
    };
    row.run().then(idle, (error: unknown) => {
      const job = row.takeJob();
      idle();
      if (job) void this.#trapped(job, error);
    });
  }

  /**
   * The next guest that is to be called inside; those that cannot be are called on the way. Nothing if there is none, or this is
   * not the time. Never throws.
   *
   * @param isInside Whether whoever asks can do that; else there is none.
   */
  nextCall(isInside: boolean): Call | undefined {
    while (this.#haveJobs() && this.#until > 0) {
      const job = this.#jobs[this.#at++];
      const call = job && this.#beginJob(job, isInside);
      if (call) return call;
    }
    return undefined;
  }

  #beginJob(job: Job, isInside: boolean): Call | undefined {
    try {
      const ready = (job.ready ??= this.#take(job));
      if (!ready) return undefined;
      const { handle, begun } = ready;
      const { life } = begun;
      // Each has begun a turn.
      if (life.task.turnStart > this.#until) this.#until = 0;
      job.stopTimer = limitTime(this.#platform, life, this.#timeout);
      const { exchange } = job;
      if (!fits(exchange.request, life)) {
        exchange.resolve(refuse(exchange.request, 431));
        this.#left(job, ready);
        return undefined;
      }
      job.asked = new Asked(exchange, life);
      const { inside } = handle;
      if (isInside && inside) return { job, core: inside.core, args: inside.enter(job.asked.resources()) };
      void this.#call(job, ready, job.asked);
    } catch (error) {
      void this.#failed(job, error);
    }
    return undefined;
  }

  /** An instance, if there is one at once; else the job comes back with it. @throws What keeps it from being made. */
  #take(job: Job): Ready<Handle> | undefined {
    const taken = this.#pool.take();
    if (!(taken instanceof Promise)) return taken;
    taken.then(
      (ready) => {
        job.ready = ready;
        this.#add(job);
      },
      (error: unknown) => this.#failed(job, error),
    );
    return undefined;
  }

  /** In the one way that there is everywhere. */
  async #call(job: Job, ready: Ready<Handle>, asked: Asked): Promise<void> {
    try {
      await ready.handle.call(...asked.resources());
      asked.left();
    } catch (error) {
      return this.#failed(job, error);
    }
    this.#left(job, ready);
  }

  /** The guest has returned that was called inside. Never throws. */
  returned(job: Job): void {
    const { ready } = job;
    if (!ready) return;
    try {
      ready.handle.inside?.left();
      job.asked?.left();
    } catch (error) {
      void this.#trapped(job, error);
      return;
    }
    this.#left(job, ready);
  }

  async #trapped(job: Job, error: unknown): Promise<void> {
    try {
      await (job.ready?.handle.inside?.failed(error) ?? Promise.reject(error));
    } catch (told) {
      await this.#failed(job, told);
    }
  }

  /** The guest has answered: its instance is given back. */
  #left(job: Job, ready: Ready<Handle>): void {
    let ending;
    try {
      ending = this.#pool.giveBack(ready);
    } catch (error) {
      void this.#failed(job, error);
      return;
    }
    if (!ending) this.#end(job);
    else {
      ending.then(
        () => this.#end(job),
        (error: unknown) => this.#failed(job, error),
      );
    }
  }

  #end({ exchange, asked, stopTimer }: Job): void {
    asked?.tellEnd();
    stopTimer?.();
    exchange.over();
    // The first answer of a server does not wait for what only others gain by.
    if (this.#canSuspend) this.#rows ??= [];
  }

  /** Never rejects. */
  async #failed({ exchange, ready, asked, stopTimer }: Job, error: unknown): Promise<void> {
    if (asked) asked.failed(error);
    else exchange.reject(error);
    exchange.request.body?.source.close();
    if (ready) await this.#pool.giveUp(ready);
    stopTimer?.();
    exchange.over();
  }
}

/** Guests that are called one after the other on one stack. */
class Row {
  readonly #handlers: IncomingHandlers;
  readonly #succession: Succession;
  /** Whose guest is called. */
  #job: Job | undefined;

  constructor(handlers: IncomingHandlers) {
    this.#handlers = handlers;
    this.#succession = new Succession(this);
  }

  /** Until there is none left; rejects with what a guest throws. */
  run(): Promise<unknown> {
    return this.#succession.run();
  }

  /** Nobody is called for now: it keeps no guest. */
  rest(): void {
    this.#succession.forget();
  }

  /** Of a guest that has thrown. */
  takeJob(): Job | undefined {
    const job = this.#job;
    this.#job = undefined;
    return job;
  }

  next(): boolean {
    const before = this.takeJob();
    if (before) this.#handlers.returned(before);
    const call = this.#handlers.nextCall(true);
    if (!call) return false;
    this.#job = call.job;
    const [first, second] = call.args;
    this.#succession.call(call.core, Number(first), Number(second));
    return true;
  }
}

function handlerOf(begun: Begun, name: string): Handle {
  const { running, calls } = begun;
  // What an instance exports under this name, with these parameters.
  const { handle: call } = running.exports[name] as { readonly handle: Handle["call"] };
  const func = ownHandle(begun, name);
  return { call, inside: calls && "left" in calls && func ? Inside.of(calls, `${name}#handle`, func) : undefined };
}

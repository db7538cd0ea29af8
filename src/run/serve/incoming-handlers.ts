/** Components that answer requests by `wasi:http/incoming-handler` 0.2: one at a time in one instance. */
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
      else this.nextCall(undefined);
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
   * Finds the next guest that is to be called inside, and has `row` call it; those that cannot be are called on the way. Never
   * throws.
   *
   * @param row Missing where there is none: no guest is called inside then.
   * @returns Whether it has found one: it has not if there is none, or this is not the time.
   */
  nextCall(row: Row | undefined): boolean {
    while (this.#haveJobs() && this.#until > 0) {
      const job = this.#jobs[this.#at++];
      if (job && this.#beginJob(job, row)) return true;
    }
    return false;
  }

  #beginJob(job: Job, row: Row | undefined): boolean {
    try {
      const ready = (job.ready ??= this.#take(job));
      if (!ready) return false;
      const { handle, begun } = ready;
      const { life } = begun;
      // Each has begun a turn.
      if (life.task.turnStart > this.#until) this.#until = 0;
      job.stopTimer = limitTime(this.#platform, life, this.#timeout);
      const { exchange } = job;
      if (!fits(exchange.request, life)) {
        exchange.resolve(refuse(exchange.request, 431));
        this.#left(job, ready);
        return false;
      }
      job.asked = new Asked(exchange, life);
      const { inside } = handle;
      if (row && inside) {
        row.call(job, inside.core, inside.enter(...job.asked.entries()));
        return true;
      }
      void this.#call(job, ready, job.asked);
    } catch (error) {
      void this.#failed(job, error);
    }
    return false;
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
    return this.#handlers.nextCall(this);
  }

  /** Whom to call next. @param args Its own handles. */
  call(job: Job, core: CoreFunction, [first, second]: readonly [number, number]): void {
    this.#job = job;
    this.#succession.call(core, first, second);
  }
}

function handlerOf(begun: Begun, name: string): Handle {
  const { running, calls } = begun;
  // What an instance exports under this name, with these parameters.
  const { handle: call } = running.exports[name] as { readonly handle: Handle["call"] };
  const func = ownHandle(begun, name);
  return { call, inside: calls && "left" in calls && func ? Inside.of(calls, func) : undefined };
}

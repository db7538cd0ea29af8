/** Components that answer requests by `wasi:http/handler` 0.3: many at once in one instance, if it is used again. */
import type { Shared } from "../../abi/copy.ts";
import { dropContents, type Contents } from "../../bind/p3/http/contents.ts";
import { addRequest } from "../../bind/p3/http/messages.ts";
import { outcomeOf, transmit, type Transmission } from "../../bind/p3/http/transmission.ts";
import { RESPONSE, type Message } from "../../bind/p3/http/types.ts";
import { WitError } from "../../io/errors.ts";
import { Roster, type Listed } from "../../io/roster.ts";
import type { BodyEnd } from "../../wasi/http/body-pipe.ts";
import { HttpError, type HttpErrorCode } from "../../wasi/http/error-code.ts";
import type { HttpResponse } from "../../wasi/http/exchange.ts";
import { sendable } from "../../wasi/http/fields.ts";
import type { OutgoingResponse } from "../../wasi/http/message.ts";
import { announcedLength } from "../../wasi/http/sending.ts";
import { fits, limitTime, ownHandle, type Answering, type Exchange } from "./answering.ts";
import type { UnderWay } from "../embed/async-calls.ts";
import type { Begun } from "../instantiate.ts";
import { HeldResource } from "../embed/js-resources.ts";
import type { Levels, Life } from "../life.ts";
import { NotAHandlerError } from "./not-a-handler.ts";
import type { Platform } from "../platform.ts";
import { Idle } from "./idle.ts";
import { Pool, type Making, type Ready } from "./pool.ts";
import { refuse } from "./refusals.ts";

/** How an instance is asked. */
interface Handler {
  readonly handle: (request: HeldResource) => UnderWay;
  /** Whether the guest may still write to it. */
  readonly isWriting: (shared: Shared) => boolean;
}

/** An instance that is made, or being made, and what it has to do. */
interface Slot extends Listed {
  readonly ready: Promise<Ready<Handler>>;
  /** Once it is made. */
  life?: Life;
  uses: number;
  /** Requests of which something is left. */
  active: number;
  /** Those that the guest still does something for. */
  running: number;
  /** Bodies under way: to be looked at when no guest runs any more. */
  readonly bodies: Roster<Answer>;
  /** It takes no more. */
  isFull: boolean;
}

export class Handlers implements Answering {
  readonly #platform: Platform;
  readonly #pool: Pool<Handler>;
  readonly #reuse: number;
  readonly #maxPerInstance: number;
  readonly #timeout: number | undefined;
  /** They answer, and take more: the next request is for one of them. */
  readonly #open = new Roster<Slot>();
  /** They take more, and have nothing to do. */
  readonly #idle: Idle<Slot>;

  /** @param name Of the interface that is exported. */
  constructor(
    platform: Platform,
    making: Omit<Making<Handler>, "handlerOf"> & { readonly maxPerInstance?: number | undefined },
    name: string,
  ) {
    this.#platform = platform;
    this.#reuse = making.reuse;
    this.#maxPerInstance = making.maxPerInstance ?? Infinity;
    this.#timeout = making.timeout;
    // To the pool one use is all that is made of an instance before it is given back.
    this.#pool = new Pool(platform, { ...making, reuse: 1, handlerOf: (begun) => handlerOf(begun, name) });
    this.#idle = new Idle(platform.monotonicClock, making.maxIdleTime, (slot) => this.#letGo(slot));
  }

  levels(): Levels[] {
    return this.#pool.levels();
  }

  async close(): Promise<void> {
    await this.#idle.close();
    await this.#pool.close();
  }

  answer(exchange: Exchange): void {
    void this.#asked(exchange).then(() => exchange.over());
  }

  /** Never rejects. */
  async #asked(exchange: Exchange): Promise<void> {
    const slot = this.#take();
    let ready: Ready<Handler> | undefined;
    try {
      ready = await slot.ready;
    } catch (error) {
      exchange.reject(error);
      exchange.request.body?.source.close();
      slot.isFull = true;
    }
    if (ready) {
      const { life } = ready.begun;
      slot.life = life;
      if (fits(exchange.request, life)) await this.#answer(slot, ready, exchange);
      else exchange.resolve(refuse(exchange.request, 431));
      // What its ports have got wrong is told at its end.
      if (life.task.isEnded || life.instance.faults.length > 0) slot.isFull = true;
    }
    slot.active--;
    this.#open.delete(slot);
    if (!slot.isFull) (slot.active === 0 ? this.#idle : this.#open).add(slot);
    else if (ready && slot.active === 0) await this.#giveBack(ready, exchange);
  }

  /** Of one that has been made. */
  async #letGo(slot: Slot): Promise<void> {
    await this.#pool.giveUp(await slot.ready);
  }

  /** @param last The request that was answered last, for which it is told what ports have got wrong. */
  async #giveBack(ready: Ready<Handler>, last: Exchange): Promise<void> {
    const { life } = ready.begun;
    // What has ended it has been told.
    if (life.task.isEnded) await this.#pool.giveUp(ready);
    else await this.#pool.giveBack(ready)?.catch((error: unknown) => last.late(error));
  }

  #take(): Slot {
    const slot = this.#takeOpen() ?? this.#takeIdle() ?? this.#make();
    slot.uses++;
    slot.active++;
    slot.isFull = slot.uses >= this.#reuse;
    if (slot.isFull || slot.active >= this.#maxPerInstance) this.#open.delete(slot);
    else this.#open.add(slot);
    return slot;
  }

  #takeOpen(): Slot | undefined {
    for (let slot; (slot = this.#open.any);) {
      if (!isOver(slot)) return slot;
      slot.isFull = true;
      this.#open.delete(slot);
    }
    return undefined;
  }

  #takeIdle(): Slot | undefined {
    let slot = this.#idle.take();
    for (; slot && isOver(slot); slot = this.#idle.take()) void this.#letGo(slot);
    return slot;
  }

  #make(): Slot {
    const ready = Promise.resolve(this.#pool.take());
    return { ready, uses: 0, active: 0, running: 0, bodies: new Roster(), isFull: false, place: -1 };
  }

  /** Never rejects. */
  async #answer(slot: Slot, ready: Ready<Handler>, exchange: Exchange): Promise<void> {
    const { request, resolve, reject } = exchange;
    const late = (error: unknown): void => exchange.late(error);
    const { life } = ready.begun;
    const stopTimer = limitTime(this.#platform, life, this.#timeout);
    let told: { readonly error?: unknown } | undefined;
    try {
      const call = ready.handle.handle(new HeldResource(addRequest(life.instance, request, late), true));
      slot.running++;
      const exited = call.exited.finally(() => left(slot));
      exited.catch(() => {});
      const answer = await answerOf(life, ready.handle.isWriting, call.result).catch((error: unknown) => {
        told = { error };
        reject(error);
      });
      if (answer) {
        told = {};
        slot.bodies.add(answer);
        resolve(answer.response);
        if (slot.running === 0) answer.look();
      }
      await exited;
      const end = await answer?.over;
      if (answer) slot.bodies.delete(answer);
      if (end?.tag === "failed") late(end.cause);
    } catch (error) {
      if (!told) reject(error);
      // What ended the guest may be what came in the place of a response.
      else if (error !== told.error) late(error);
      request.body?.source.close();
      if (!(error instanceof HttpError)) await life.fail(error);
    }
    stopTimer();
  }
}

/** What has trapped may be about to be told. */
function isOver({ life }: Slot): boolean {
  return life?.task.isEnded === true;
}

/** @throws {NotAHandlerError} If what a component exports is not its own. */
function handlerOf(begun: Begun, name: string): Handler {
  const { calls } = begun;
  const func = ownHandle(begun, name);
  if (!calls || !("underWay" in calls) || !func) {
    throw new NotAHandlerError(`${name} is not of the component's own: serve the one that it comes from`);
  }
  return {
    handle: calls.underWay(`${name}#handle`, func),
    isWriting: (shared) => calls.isWriting(shared),
  };
}

/** A guest does no more for a request: what nobody is left to write is over. */
function left(slot: Slot): void {
  slot.running--;
  if (slot.running > 0) return;
  for (const { look } of slot.bodies.members) look();
}

/** A response that has begun. */
interface Answer extends Listed {
  readonly response: HttpResponse;
  readonly over: Promise<BodyEnd>;
  /** Nobody runs in the guest. */
  readonly look: () => void;
}

/** @throws What there is in the place of a response; what the guest is to blame for has ended it. */
async function answerOf(life: Life, isWriting: Handler["isWriting"], result: Promise<unknown>): Promise<Answer> {
  const { parts, contents } = messageOf(await result.catch(refused));
  const headers = parts.headers.all();
  parts.headers.release();
  let transmission: Transmission;
  try {
    transmission = await transmit(life.instance, contents, "response", announcedLength(headers));
  } catch (error) {
    dropContents(contents, error);
    throw error instanceof HttpError ? error : await life.fail(error);
  }
  const { body, over } = transmission;
  if (contents.is === "made") void over.then((end) => contents.sent.write(outcomeOf(end)));
  return {
    ...{ place: -1, over, response: { status: parts.status, headers: sendable(headers), body } },
    look: () => {
      if (writtenBy(contents, isWriting)) transmission.fail(undefined);
    },
  };
}

/** The error case of the result, which the guest answers with. */
function refused(error: unknown): never {
  // An error-code, by the type of the function.
  throw error instanceof WitError ? new HttpError(error.payload as HttpErrorCode) : error;
}

function messageOf(value: unknown): Message<OutgoingResponse> {
  if (!(value instanceof HeldResource)) throw new TypeError("A handler gives a response");
  const entry = HeldResource.entryOf(value, RESPONSE, true);
  entry.release();
  // A response of ours, by the type of the function.
  return entry.value as Message<OutgoingResponse>;
}

function writtenBy(contents: Contents, isWriting: Handler["isWriting"]): boolean {
  if (contents.is === "received") return false;
  const { stream, trailers } = contents;
  return (stream !== undefined && isWriting(stream)) || isWriting(trailers);
}

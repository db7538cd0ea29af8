/** Components that answer requests: `wasi:http/incoming-handler`. */
import { INCOMING_REQUEST, Incoming, RESPONSE_OUTPARAM, type Outgoing, type Outparam } from "../bind/http/types.ts";
import { HttpError } from "../wasi/http/error-code.ts";
import type { HttpRequest, HttpResponse } from "../wasi/http/exchange.ts";
import { sendable, sizeOf } from "../wasi/http/fields.ts";
import type { OutgoingResponse } from "../wasi/http/message.ts";
import type { OutgoingBody } from "../wasi/http/outgoing-body.ts";
import { Compiled } from "../load/compiled.ts";
import type { CompiledComponent } from "./compile.ts";
import type { Imports } from "./imports.ts";
import { providersFor } from "./instantiate.ts";
import { HeldResource } from "./js-resources.ts";
import { afterMs, TimeoutError, type Life } from "./life.ts";
import { NotAHandlerError } from "./not-a-handler.ts";
import type { InstanceOptions } from "./options.ts";
import type { Platform } from "./platform.ts";
import { Pool, type Ready } from "./pool.ts";
import { announcesMore, bounded, refuse } from "./refusals.ts";

/** How instances are used. */
export interface ServingOptions {
  /** Requests that one instance answers, one after the other. 1 is the default: no request sees what another left. */
  readonly reuse?: number | undefined;
  /** Requests that are answered at a time; more wait. 1000 is the default. */
  readonly maxConcurrent?: number | undefined;
  /** Requests that wait for their turn; more are answered with 503. 10,000 is the default. */
  readonly maxWaiting?: number | undefined;
  /** Bytes that the body of a request may have; more is answered with 413, and fails for the guest. As many as please, by default. */
  readonly maxBodyBytes?: number | undefined;
  /** Told of what went wrong and nobody else hears of: once for a request, and of what ended its guest rather than of what came of that. */
  readonly onError?: ((error: unknown, request: HttpRequest) => void) | undefined;
}

type Handle = (request: HeldResource, out: HeldResource) => Promise<unknown>;

/** Answers requests with instances of one component. */
export class Serving {
  readonly #platform: Platform;
  readonly #component: CompiledComponent;
  readonly #pool: Pool<Handle>;
  readonly #maxConcurrent: number;
  readonly #maxWaiting: number;
  readonly #maxBodyBytes: number;
  readonly #onError: (error: unknown, request: HttpRequest) => void;
  readonly #waiting: (() => void)[] = [];
  readonly #underWay = new Map<HttpRequest, Promise<void>>();
  readonly #told = new WeakSet<HttpRequest>();
  #count = 0;

  /**
   * @param optionsOf Asked for each instance.
   * @throws {NotAHandlerError} If the component is none.
   * @throws {RangeError} For a number that makes no sense.
   */
  constructor(
    platform: Platform,
    component: CompiledComponent,
    optionsOf: () => InstanceOptions<unknown, unknown>,
    { reuse = 1, maxConcurrent = 1000, maxWaiting = 10_000, maxBodyBytes, onError = () => {} }: ServingOptions,
  ) {
    const { compiled } = component;
    assertHandler(compiled instanceof Compiled ? compiled.plan.exports.keys() : []);
    for (const [name, value] of Object.entries({ reuse, maxConcurrent, maxWaiting, maxBodyBytes: maxBodyBytes ?? 1 })) {
      if (!Number.isSafeInteger(value) || value < 1) {
        throw new RangeError(`${name} must be a positive whole number, got ${String(value)}`);
      }
    }
    this.#platform = platform;
    this.#component = component;
    this.#pool = new Pool(platform, { component, optionsOf, handlerOf, reuse });
    this.#maxConcurrent = maxConcurrent;
    this.#maxWaiting = maxWaiting;
    this.#maxBodyBytes = maxBodyBytes ?? Infinity;
    this.#onError = onError;
  }

  /** Tells what would keep any instance from being made. @throws {MissingImportsError} @throws {UnsupportedComponentError} */
  async prepare(imports?: Imports): Promise<void> {
    const { compiled } = this.#component;
    if (compiled instanceof Compiled) await providersFor(compiled, imports);
  }

  /**
   * Resolves with the response when the guest has set it; its body may still flow then. What there is no room for is
   * answered without a guest.
   *
   * @throws {HttpError} What the guest answers in the place of a response.
   * @throws What ended the guest before it answered.
   */
  async answer(request: HttpRequest): Promise<HttpResponse> {
    if (announcesMore(request, this.#maxBodyBytes)) return refuse(request, 413);
    if (this.#waiting.length >= this.#maxWaiting) return refuse(request, 503);
    if (this.#count >= this.#maxConcurrent) await new Promise<void>((resolve) => void this.#waiting.push(resolve));
    else this.#count++;
    const { promise, resolve, reject } = Promise.withResolvers<HttpResponse>();
    const done = this.#handle(request, resolve, reject);
    this.#underWay.set(request, done);
    void done.finally(() => {
      this.#underWay.delete(request);
      // Whoever waits takes the place.
      const next = this.#waiting.shift();
      if (next) next();
      else this.#count--;
    });
    return promise;
  }

  /** Resolves when all that was begun is answered, and no instance is left. */
  async close(): Promise<void> {
    while (this.#underWay.size > 0) {
      // oxlint-disable-next-line no-await-in-loop -- those that waited begin when others are done
      await Promise.allSettled(this.#underWay.values());
    }
    await this.#pool.close();
  }

  /** Tells of what kept a response from being delivered, unless its guest is told of. */
  async failed(error: unknown, request: HttpRequest): Promise<void> {
    await this.#underWay.get(request);
    this.#tell(error, request);
  }

  #tell(error: unknown, request: HttpRequest): void {
    if (this.#told.has(request)) return;
    this.#told.add(request);
    this.#onError(error, request);
  }

  /** Never rejects: whoever waits for the response hears of it, or `onError` if they have it. */
  async #handle(
    request: HttpRequest,
    resolve: (response: HttpResponse) => void,
    reject: (reason: unknown) => void,
  ): Promise<void> {
    let ready: Ready<Handle> | undefined;
    let stopTimer: () => void = () => {};
    let isAnswered = false;
    let body: OutgoingBody | undefined;
    try {
      ready = await this.#pool.take();
      const { life } = ready.begun;
      stopTimer = this.#limitTime(life, ready.timeout);
      const bytes = sizeOf(request.headers);
      if (bytes > life.world.limits.fieldBytes) {
        resolve(refuse(request, 431));
        await this.#pool.giveBack(ready);
        stopTimer();
        return;
      }
      const unanswered = (): void => reject(failed("the guest returned without a response"));
      // One that is over has a reason, which is told.
      const dropped = (): void => (life.task.isEnded ? undefined : unanswered());
      const outparam: Outparam = (answer) => {
        isAnswered = true;
        if ("error" in answer) reject(new HttpError(answer.error));
        else {
          ({ body } = answer.response);
          resolve(responseOf(answer.response));
        }
      };
      const given = bounded(request, this.#maxBodyBytes, () => resolve(refuse(request, 413)));
      await ready.handle(...this.#resourcesFor(life, given, outparam, dropped));
      if (!isAnswered) unanswered();
      // Nobody will finish it any more.
      body?.drop();
      await this.#pool.giveBack(ready);
    } catch (error) {
      if (isAnswered) this.#tell(error, request);
      else reject(error);
      request.body?.source.close();
      // It is over, and what it leaves has been told.
      await ready?.begun.life.close().catch(() => {});
    }
    stopTimer();
  }

  /** What a guest is called with: from then on they are its own. */
  #resourcesFor(
    { instance }: Life,
    request: HttpRequest,
    outparam: Outparam,
    dropped: () => void,
  ): [HeldResource, HeldResource] {
    const { resources } = instance;
    const incoming = new Incoming(request);
    return [
      new HeldResource(
        resources.add(INCOMING_REQUEST, incoming, () => incoming.drop()),
        true,
      ),
      new HeldResource(resources.add(RESPONSE_OUTPARAM, outparam, dropped), true),
    ];
  }

  /** The time of one request, until what the guest wrote is delivered. */
  #limitTime(life: Life, timeout: number | undefined): () => void {
    if (timeout === undefined) return () => {};
    return afterMs(this.#platform.monotonicClock, timeout, () => life.abort(new TimeoutError(timeout)));
  }
}

function responseOf({ message, body }: Outgoing<OutgoingResponse>): HttpResponse {
  return { status: message.status, headers: sendable(message.headers.all()), body: body?.body };
}

function failed(message: string): HttpError {
  return new HttpError({ tag: "internal-error", val: undefined }, message);
}

/** @throws {NotAHandlerError} If a component exports none. */
export function assertHandler(names: Iterable<string>): void {
  const all = [...names];
  if (all.some((name) => HANDLER.test(name))) return;
  throw new NotAHandlerError(
    `The component answers no requests: expected an export wasi:http/incoming-handler@0.2.x, got ${all.join(", ") || "none"}`,
  );
}

const HANDLER = /^wasi:http\/incoming-handler@0\.2\.\d+$/;

function handlerOf(exports: Readonly<Record<string, unknown>>): Handle {
  for (const [name, value] of Object.entries(exports)) {
    if (!HANDLER.test(name)) continue;
    // What an instance exports under this name, with these parameters.
    if (typeof value === "object" && value !== null && "handle" in value) return value.handle as Handle;
  }
  assertHandler(Object.keys(exports));
  throw new Error("It has a handler");
}

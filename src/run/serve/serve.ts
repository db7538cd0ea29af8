/** Components that answer requests: `wasi:http/incoming-handler` of WASI 0.2, or `wasi:http/handler` of 0.3. */
import { assertPositive } from "../../io/assert-shape.ts";
import { Roster } from "../../io/roster.ts";
import { told } from "../../io/told.ts";
import { Unheard } from "../../io/unheard.ts";
import { HttpError } from "../../wasi/http/error-code.ts";
import type { HttpRequest, HttpResponse, Leaving } from "../../wasi/http/exchange.ts";
import { Compiled } from "../../load/compiled.ts";
import { canSuspend } from "../../wait/suspension.ts";
import type { Answering, Exchange } from "./answering.ts";
import type { CompiledComponent } from "../component.ts";
import { providersFor } from "../instantiate.ts";
import { afterMs, type Levels } from "../life.ts";
import { NotAHandlerError } from "./not-a-handler.ts";
import type { Platform } from "../platform.ts";
import { pluggedIn, type Plug } from "../plugs.ts";
import type { OptionsOf } from "./pool.ts";
import { announcesMore, bounded, refuse } from "./refusals.ts";
import { ServerClosedError } from "./server-closed.ts";
import { RequestUnderWay, type Owner } from "./under-way.ts";

/** What instances are made of that answer requests. */
export interface ServingMaking {
  readonly component: CompiledComponent;
  readonly optionsOf: OptionsOf;
  /** Those of each instance. */
  readonly plugs: readonly Plug[];
  /** Requests that one answers. */
  readonly reuse: number;
  /** See `ServingOptions`. */
  readonly maxPerInstance?: number | undefined;
  /** See `ServingOptions`. */
  readonly maxIdleTime?: number | undefined;
  /** Milliseconds for each request, until its body is delivered. */
  readonly timeout: number | undefined;
}

/** What answers requests where instances are not in this thread. */
export interface Elsewhere {
  /** Requests that it answers at a time. */
  readonly most: number;
  readonly make: (making: ServingMaking) => Promise<Answering>;
}

/** How instances are used. */
export interface ServingOptions {
  /**
   * Requests that one instance answers: one after the other by WASI 0.2, also at the same time by 0.3. 1 is the default:
   * no request sees what another left.
   */
  readonly reuse?: number | undefined;
  /**
   * Requests that one instance of WASI 0.3 answers at the same time; another instance answers more. As many as `reuse` says, by
   * default. One of 0.2 answers one at a time.
   */
  readonly maxPerInstance?: number | undefined;
  /**
   * Milliseconds that an instance is kept for its next request; then it is let go of, and its memory. 0 keeps none. As long as the
   * server lives, by default.
   */
  readonly maxIdleTime?: number | undefined;
  /** Requests that are answered at a time; more wait. 1000 is the default; 32 at the most where each has a thread. */
  readonly maxConcurrent?: number | undefined;
  /** Requests that wait for their turn; more are answered with 503. 10,000 is the default. */
  readonly maxWaiting?: number | undefined;
  /**
   * Milliseconds that a request waits for its turn; then it is answered with 503. 30,000 is the default. Guests that ask their
   * own server, all of which wait for one more, go on then.
   */
  readonly maxWaitingTime?: number | undefined;
  /** Bytes that the body of a request may have; more is answered with 413, and fails for the guest. As many as please, by default. */
  readonly maxBodyBytes?: number | undefined;
  /**
   * Components, as bytes or as `compile` gave them, whose exports are imports of those after them and of the one that answers. Each
   * instance has instances of them for itself, with the same options, which end after it. What all are to share goes in `imports`.
   */
  readonly plugs?: readonly (Uint8Array | CompiledComponent)[];
  /** Told of what went wrong and nobody else hears of: once for a request, and of what ended its guest rather than of what came of that. */
  readonly onError?: ((error: unknown, request: HttpRequest) => void) | undefined;
}

interface More {
  /** Milliseconds for each request, until its body is delivered. */
  readonly timeout?: number | undefined;
  /** Components whose exports are imports of each instance, which has instances of them for itself. */
  readonly plugs?: readonly Plug[] | undefined;
}

/** How instances are used. */
type Use = Omit<ServingOptions, "plugs"> & Pick<More, "timeout">;

/** How instances are used, apart from what each of them is given. */
export function servingOf<T extends Use>(options: T): { readonly used: Use; readonly given: Omit<T, keyof Use> } {
  const {
    reuse,
    maxPerInstance,
    maxIdleTime,
    maxConcurrent,
    maxWaiting,
    maxWaitingTime,
    maxBodyBytes,
    timeout,
    onError,
    ...given
  } = options;
  const used = {
    reuse,
    maxPerInstance,
    maxIdleTime,
    maxConcurrent,
    maxWaiting,
    maxWaitingTime,
    maxBodyBytes,
    timeout,
    onError,
  };
  return { used, given };
}

type Resolve = Exchange["resolve"];
type Reject = Exchange["reject"];

/** Answers requests with instances of one component. */
export class Serving implements Owner {
  readonly #platform: Platform;
  readonly #component: CompiledComponent;
  readonly #makeAnswering: () => Promise<Answering>;
  readonly #plugs: readonly Plug[];
  readonly #maxConcurrent: number;
  readonly #maxWaiting: number;
  readonly #maxWaitingTime: number;
  readonly #maxBodyBytes: number;
  readonly #onError: (error: unknown, request: HttpRequest) => void;
  /** What begins those that wait, first come first. */
  readonly #waiting = new Set<() => void>();
  readonly #underWay = new Roster<RequestUnderWay>();
  readonly #unheard = new Unheard();
  readonly #told = new WeakSet<HttpRequest>();
  #answering: Promise<Answering> | undefined;
  /** Once that is there. */
  #ready: Answering | undefined;
  #count = 0;
  #isClosed = false;

  /**
   * @param elsewhere Missing: instances are in this thread.
   * @throws {NotAHandlerError} If the component is none.
   * @throws {RangeError} For a number that makes no sense.
   * @throws {TypeError} For an `onError` that is no function.
   */
  constructor(
    platform: Platform,
    component: CompiledComponent,
    optionsOf: OptionsOf,
    {
      reuse = 1,
      maxPerInstance,
      maxIdleTime,
      maxConcurrent = 1000,
      maxWaiting = 10_000,
      maxWaitingTime = 30_000,
      maxBodyBytes,
      timeout,
      plugs = [],
      onError = () => {},
    }: Omit<ServingOptions, "plugs"> & More,
    elsewhere?: Elsewhere,
  ) {
    const { compiled } = component;
    // Only to hear at once that there is none.
    handlerAmong(compiled instanceof Compiled ? compiled.plan.exports.keys() : []);
    const numbers = { reuse, maxPerInstance, maxConcurrent, maxWaiting, maxWaitingTime, maxBodyBytes };
    for (const [option, value] of Object.entries({
      ...numbers,
      maxIdleTime: maxIdleTime === 0 ? undefined : maxIdleTime,
    })) {
      if (value !== undefined) assertPositive(option, value);
    }
    if (typeof onError !== "function") {
      throw new TypeError(`The option onError must be a function; got ${told(onError)}`);
    }
    this.#platform = platform;
    this.#component = component;
    const making: ServingMaking = { component, optionsOf, plugs, reuse, maxPerInstance, maxIdleTime, timeout };
    this.#makeAnswering = () => (elsewhere ? elsewhere.make(making) : answeringOf(platform, making));
    this.#plugs = plugs;
    this.#maxConcurrent = Math.min(maxConcurrent, elsewhere?.most ?? Infinity);
    this.#maxWaiting = maxWaiting;
    this.#maxWaitingTime = maxWaitingTime;
    this.#maxBodyBytes = maxBodyBytes ?? Infinity;
    this.#onError = onError;
  }

  /**
   * Tells what would keep any instance from being made. What is to be plugged in is instantiated for that, and over then: not
   * where it could not wait.
   *
   * @param optionsOf As an instance would be given.
   * @throws {MissingImportsError} @throws {UnsupportedComponentError}
   * @throws {TypeError} If a standard stream is none.
   */
  async prepare(optionsOf: OptionsOf): Promise<void> {
    const given = optionsOf(false);
    const { stdin = "ignore", stdout = "ignore", stderr = "ignore" } = given;
    this.#platform.assertStreams?.({ stdin, stdout, stderr, blockingStdio: false });
    const { compiled, checks } = this.#component;
    if (!(compiled instanceof Compiled)) return;
    if (this.#plugs.length > 0 && !canSuspend()) return;
    const options = this.#plugs.map(() => optionsOf(true));
    const plugs = await pluggedIn(this.#platform, this.#plugs, options);
    try {
      await providersFor(compiled, plugs.importsWith(given.imports), checks);
    } finally {
      await plugs.close();
    }
  }

  /**
   * Resolves with the response when the guest has set it; its body may still flow then. What there is no room for is
   * answered without a guest.
   *
   * @param leaving For a request that has to wait for its turn: it loses that when its client leaves.
   * @throws {HttpError} What the guest answers in the place of a response; or that the client has left.
   * @throws {ServerClosedError} If all was answered when it was closed.
   * @throws What ended the guest before it answered.
   */
  answer(request: HttpRequest, leaving?: Leaving): Promise<HttpResponse> {
    return new Promise((resolve, reject) => {
      if (this.#isClosed) {
        request.body?.source.close();
        reject(new ServerClosedError());
      } else if (announcesMore(request, this.#maxBodyBytes)) resolve(refuse(request, 413));
      else if (this.#count < this.#maxConcurrent) {
        this.#count++;
        this.#begin(request, resolve, reject);
      } else if (this.#waiting.size < this.#maxWaiting) this.#wait(request, resolve, reject, leaving);
      else resolve(refuse(request, 503));
    });
  }

  #wait(request: HttpRequest, resolve: Resolve, reject: Reject, leaving: Leaving | undefined): void {
    const begin = (): void => {
      stay?.();
      cancel();
      this.#begin(request, resolve, reject);
    };
    this.#waiting.add(begin);
    const cancel = afterMs(this.#platform.monotonicClock, this.#maxWaitingTime, () => {
      if (!this.#waiting.delete(begin)) return;
      stay?.();
      resolve(refuse(request, 503));
    });
    const stay = leaving?.(() => {
      if (!this.#waiting.delete(begin)) return;
      cancel();
      request.body?.source.close();
      reject(new HttpError({ tag: "connection-terminated" }, "the client left before it was its turn"));
    });
  }

  #begin(request: HttpRequest, resolve: Resolve, reject: Reject): void {
    const one = new RequestUnderWay(this, request, resolve, reject);
    this.#underWay.add(one);
    if (this.#ready) this.#ready.answer(this.#bounded(one));
    else void this.#beginLater(one);
  }

  /** Before there is what answers. */
  async #beginLater(one: RequestUnderWay): Promise<void> {
    try {
      this.#ready ??= await (this.#answering ??= this.#makeAnswering());
    } catch (error) {
      one.reject(error);
      one.request.body?.source.close();
      one.over();
      return;
    }
    this.#ready.answer(this.#bounded(one));
  }

  /** Whoever waits takes the place. */
  end(one: RequestUnderWay): void {
    this.#underWay.delete(one);
    const [next] = this.#waiting;
    if (next) {
      this.#waiting.delete(next);
      next();
    } else this.#count--;
  }

  /** As `Server.levels`. */
  levels(): readonly Levels[] {
    return this.#ready?.levels?.() ?? [];
  }

  /** Resolves when all that was begun is answered. Others may be asked still. */
  async drained(): Promise<void> {
    while (this.#underWay.size > 0) {
      // oxlint-disable-next-line no-await-in-loop -- those that waited begin when others are done
      await this.#over(() => true);
    }
  }

  /** Resolves when all that was begun is answered, and no instance is left. @throws {InternalError} What `onError` threw. */
  async close(): Promise<void> {
    await this.drained();
    this.#isClosed = true;
    await this.#ready?.close();
    this.#unheard.tell();
  }

  /** Tells of what kept a response from being delivered, unless its guest is told of. */
  async failed(error: unknown, request: HttpRequest): Promise<void> {
    await this.#over((one) => one.request === request);
    this.tell(error, request);
  }

  /** Resolves when those that are under way now and meant are over. */
  async #over(isMeant: (one: RequestUnderWay) => boolean): Promise<void> {
    await Promise.all(this.#underWay.members.filter(isMeant).map((one) => one.untilOver()));
  }

  tell(error: unknown, request: HttpRequest): void {
    if (this.#told.has(request)) return;
    this.#told.add(request);
    this.#unheard.call("onError", () => this.#onError(error, request));
  }

  /** Of what comes after a refusal nobody reads the body. */
  #bounded(exchange: Exchange): Exchange {
    const { request, resolve } = exchange;
    if (!request.body || this.#maxBodyBytes === Infinity) return exchange;
    let isAnswered = false;
    const answer = (response: HttpResponse): void => {
      if (isAnswered) response.body?.source.close();
      isAnswered = true;
      resolve(response);
    };
    const given = bounded(request, this.#maxBodyBytes, () => answer(refuse(request, 413)));
    return {
      request: given,
      resolve: answer,
      reject: exchange.reject,
      late: (error) => exchange.late(error),
      over: () => exchange.over(),
    };
  }
}

/** What answers requests with instances in this thread. @throws {NotAHandlerError} If the component is none. */
export async function answeringOf(platform: Platform, making: ServingMaking): Promise<Answering> {
  const { compiled } = making.component;
  const name = handlerAmong(compiled instanceof Compiled ? compiled.plan.exports.keys() : []);
  return P3_HANDLER.test(name)
    ? new (await import("./handlers.ts")).Handlers(platform, making, name)
    : new (await import("./incoming-handlers.ts")).IncomingHandlers(platform, making, name);
}

const P2_HANDLER = /^wasi:http\/incoming-handler@0\.2\.\d+$/;
const P3_HANDLER = /^wasi:http\/handler@0\.3\.\d+$/;

/** The newest handler among what a component exports. @throws {NotAHandlerError} If there is none. */
function handlerAmong(names: Iterable<string>): string {
  const all = [...names];
  const name = all.find((one) => P3_HANDLER.test(one)) ?? all.find((one) => P2_HANDLER.test(one));
  if (name !== undefined) return name;
  throw new NotAHandlerError(
    "The component answers no requests: expected an export wasi:http/incoming-handler@0.2.x or wasi:http/handler@0.3.x, " +
      `got ${all.join(", ") || "none"}`,
  );
}

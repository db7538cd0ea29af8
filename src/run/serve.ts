/** Components that answer requests: `wasi:http/incoming-handler` of WASI 0.2, or `wasi:http/handler` of 0.3. */
import type { HttpRequest, HttpResponse } from "../wasi/http/exchange.ts";
import { Compiled } from "../load/compiled.ts";
import type { Answering } from "./answering.ts";
import type { CompiledComponent } from "./compile.ts";
import type { Imports } from "./imports.ts";
import { providersFor } from "./instantiate.ts";
import { NotAHandlerError } from "./not-a-handler.ts";
import type { InstanceOptions } from "./options.ts";
import type { Platform } from "./platform.ts";
import { announcesMore, bounded, refuse } from "./refusals.ts";

/** How instances are used. */
export interface ServingOptions {
  /**
   * Requests that one instance answers: one after the other by WASI 0.2, also at the same time by 0.3. 1 is the default:
   * no request sees what another left.
   */
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

/** Answers requests with instances of one component. */
export class Serving {
  readonly #component: CompiledComponent;
  readonly #makeAnswering: () => Promise<Answering>;
  readonly #maxConcurrent: number;
  readonly #maxWaiting: number;
  readonly #maxBodyBytes: number;
  readonly #onError: (error: unknown, request: HttpRequest) => void;
  readonly #waiting: (() => void)[] = [];
  readonly #underWay = new Map<HttpRequest, Promise<void>>();
  readonly #told = new WeakSet<HttpRequest>();
  #answering: Promise<Answering> | undefined;
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
    const name = handlerAmong(compiled instanceof Compiled ? compiled.plan.exports.keys() : []);
    const numbers = { reuse, maxConcurrent, maxWaiting, maxBodyBytes: maxBodyBytes ?? 1 };
    for (const [option, value] of Object.entries(numbers)) {
      if (!Number.isSafeInteger(value) || value < 1) {
        throw new RangeError(`${option} must be a positive whole number, got ${String(value)}`);
      }
    }
    this.#component = component;
    const making = { component, optionsOf, reuse };
    this.#makeAnswering = async () =>
      P3_HANDLER.test(name)
        ? new (await import("./handlers.ts")).Handlers(platform, making, name)
        : new (await import("./incoming-handlers.ts")).IncomingHandlers(platform, making, name);
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
    const done = this.#answered(request, resolve, reject);
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
    await (await this.#answering)?.close();
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
  async #answered(
    request: HttpRequest,
    resolve: (response: HttpResponse) => void,
    reject: (reason: unknown) => void,
  ): Promise<void> {
    let isAnswered = false;
    const answer = (response: HttpResponse): void => {
      // Of what comes after a refusal nobody reads the body.
      if (isAnswered) response.body?.source.close();
      isAnswered = true;
      resolve(response);
    };
    const answering = await (this.#answering ??= this.#makeAnswering());
    await answering.answer({
      request: bounded(request, this.#maxBodyBytes, () => answer(refuse(request, 413))),
      resolve: answer,
      reject,
      late: (error) => this.#tell(error, request),
    });
  }
}

const P2_HANDLER = /^wasi:http\/incoming-handler@0\.2\.\d+$/;
const P3_HANDLER = /^wasi:http\/handler@0\.3\.\d+$/;

/** The newest handler among what a component exports. @throws {NotAHandlerError} If there is none. */
export function handlerAmong(names: Iterable<string>): string {
  const all = [...names];
  const name = all.find((one) => P3_HANDLER.test(one)) ?? all.find((one) => P2_HANDLER.test(one));
  if (name !== undefined) return name;
  throw new NotAHandlerError(
    "The component answers no requests: expected an export wasi:http/incoming-handler@0.2.x or wasi:http/handler@0.3.x, " +
      `got ${all.join(", ") || "none"}`,
  );
}

/** Requests and responses that cross from one thread to the other, with bodies that flow. */
import { deferred, type Deferred } from "../../io/deferred.ts";
import type { HttpError } from "../../wasi/http/error-code.ts";
import type { HttpBody, HttpRequest, HttpResponse } from "../../wasi/http/exchange.ts";
import { Signal } from "../../io/readiness.ts";
import { woken } from "../../io/steps.ts";
import type { Field } from "../../wasi/http/fields.ts";
import { errorOf, wireOf, type WireError } from "./errors.ts";
import type { Link } from "./link.ts";
import type { InputFeed, RingSource } from "./ring-input.ts";
import type { RingPlace } from "./shared-streams.ts";

/** Room for what a guest has written and nobody has read (`limits.bufferBytes`), beside what was read ahead. */
const BODY_BYTES = 128 * 1024;

/** A message on its way. */
export type WireMessage<M extends { readonly body: unknown }> = Omit<M, "body"> & {
  readonly body: WireBody | undefined;
};

export interface WireBody {
  readonly number: number;
  readonly place: RingPlace;
  readonly length: bigint | undefined;
}

export type WireRequest = WireMessage<HttpRequest>;
export type WireResponse = WireMessage<HttpResponse>;

interface WireTrailers {
  readonly fields: readonly Field[] | undefined;
  readonly error: WireError | undefined;
}

interface Given {
  readonly body: HttpBody;
  readonly feed: InputFeed;
}

interface Taken {
  readonly source: RingSource;
  readonly trailers: Deferred<readonly Field[] | undefined>;
}

/** The bodies of one side, both those that it gives and those that it is given. */
export class Bodies {
  readonly #link: Link;
  readonly #given = new Map<number, Given>();
  /** Those that it was given, until the other side has no more to say of them. */
  readonly #taken = new Map<number, Taken>();
  readonly #early = new Map<number, WireTrailers>();
  readonly #fewer = new Signal();
  #last = 0;
  #isOver = false;

  constructor(link: Link) {
    this.#link = link;
    link.answer({
      trailers: (number: number, fields: readonly Field[] | undefined, error: WireError | undefined) => {
        const taken = this.#taken.get(number);
        this.#taken.delete(number);
        if (taken) settle(taken.trailers, { fields, error });
        // It comes before the message that the body is of.
        else this.#early.set(number, { fields, error });
      },
      refuse: (number: number, cause: WireError) => {
        const given = this.#given.get(number);
        // Who refuses a body says why by a code of HTTP.
        given?.body.refuse?.(errorOf(cause) as HttpError);
        given?.feed.release();
      },
    });
  }

  /** For the other side. The body flows from now on. */
  give<M extends HttpRequest | HttpResponse>(message: M): WireMessage<M> {
    return { ...message, body: message.body && this.#giveBody(message.body) };
  }

  /** What the other side has given. */
  take<M extends WireRequest | WireResponse>(message: M): Omit<M, "body"> & { readonly body: HttpBody | undefined } {
    return { ...message, body: message.body && this.#takeBody(message.body) };
  }

  /** Whoever writes is done: what is left goes over. Resolves when there is no more, or nobody wants it. */
  async delivered(): Promise<void> {
    for (const { feed } of [...this.#given.values()]) feed.push();
    while (this.#given.size > 0) {
      // oxlint-disable-next-line no-await-in-loop -- until there are none
      await woken(this.#fewer);
    }
  }

  /** What still flows is given up. */
  release(reason: unknown): void {
    this.#isOver = true;
    for (const { feed } of this.#given.values()) feed.release();
    for (const { source, trailers } of this.#taken.values()) {
      source.fail(reason);
      trailers.reject(reason);
    }
    this.#taken.clear();
  }

  #giveBody(body: HttpBody): WireBody | undefined {
    if (this.#isOver) {
      body.source.close();
      return undefined;
    }
    const number = ++this.#last;
    const [place] = this.#link.places([BODY_BYTES]);
    const feed = this.#link.feed(place, body.source, (hasEnded) => {
      void this.#tellTrailers(number, hasEnded ? body : undefined).then(() => {
        this.#given.delete(number);
        feed.release();
        this.#fewer.notify();
      });
    });
    this.#given.set(number, { body, feed });
    feed.tell();
    return { number, place, length: body.length };
  }

  /** @param body At its end. Missing: it has none, and nobody is to wait for what comes after. */
  async #tellTrailers(number: number, body: HttpBody | undefined): Promise<void> {
    try {
      if (!body) throw new Error("The body has no end");
      this.#link.tell("trailers", number, await body.trailers());
    } catch (error) {
      this.#link.tell("trailers", number, undefined, wireOf(error));
    }
  }

  #takeBody({ number, place, length }: WireBody): HttpBody {
    const trailers: Taken["trailers"] = deferred();
    // Nobody may ever ask.
    trailers.promise.catch(() => {});
    const source = this.#link.source(place);
    const early = this.#early.get(number);
    this.#early.delete(number);
    if (!early) this.#taken.set(number, { source, trailers });
    else settle(trailers, early);
    return {
      source,
      length,
      trailers: () => trailers.promise,
      refuse: (cause) => this.#link.tell("refuse", number, wireOf(cause)),
    };
  }
}

function settle({ resolve, reject }: Taken["trailers"], { fields, error }: WireTrailers): void {
  if (error) reject(errorOf(error));
  else resolve(fields);
}

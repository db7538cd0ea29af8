/* oxlint-disable no-await-in-loop -- one thing happens after the other */
/**
 * Requests and responses on connections that break at any byte: a body is what was sent, to its end and with what comes after
 * it, or it fails; without a fault it is whole; whoever waits hears of the end; and nothing is held then.
 */
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { setTimeout as wait } from "node:timers/promises";
import { NodeHttpClient } from "../../src/hosts/node/http/client.ts";
import { httpServer } from "../../src/hosts/node/http/server.ts";
import { endBody, newBody, readAll, writeAll } from "../../src/testing/handler-subject.ts";
import { HttpError } from "../../src/wasi/http/error-code.ts";
import type { HttpBody, HttpClient, HttpRequest, HttpResponse } from "../../src/wasi/http/exchange.ts";
import type { Field } from "../../src/wasi/http/fields.ts";
import { TLS, trust } from "../../test/hosts/tls.ts";
import { Random } from "../random.ts";
import { wiresTo, type Wire, type Wires } from "./http-wire.ts";

/** A body that somebody sends. */
interface Sent {
  readonly bytes: number;
  /** Whether its length is said before. */
  readonly isAnnounced: boolean;
  readonly hasTrailers: boolean;
  /** After so many bytes it fails, by who sends it. Missing: it is whole. */
  readonly failsAt: number | undefined;
}

interface Exchange {
  readonly request: Sent | undefined;
  readonly response: Sent | undefined;
  /** Whether the handler reads the request to its end before it answers. */
  readonly readsFirst: boolean;
  /** The client wants no more of the response than this. Missing: all. */
  readonly wants: number | undefined;
}

export interface HttpTrace {
  readonly seed: number;
  readonly protocol: "HTTP/1.1" | "HTTP/2";
  /** Of connections, in the order in which they are made. */
  readonly wires: readonly Wire[];
  /** Those of one group are under way at the same time. */
  readonly groups: readonly (readonly Exchange[])[];
}

export type Answer = (request: HttpRequest) => Promise<HttpResponse>;

/** What is between who asks and who answers: another may be put in its place, to see that it is found. */
export const carrying: { client(client: HttpClient): HttpClient; answer(answer: Answer): Answer } = {
  client: (client) => client,
  answer: (answer) => answer,
};

/** Nothing takes so many waits of a millisecond: what is not over then never will be. A busy machine makes each of them longer. */
const NEVER_WAITS = 10_000;
const TIMEOUTS = { connect: 600_000, firstByte: 600_000, betweenBytes: 600_000 };
const MOST_AT_A_TIME = 4;

function httpOfSeed(seed: number): HttpTrace {
  const random = new Random(seed);
  const sent = (): Sent => {
    const bytes = random.of([0, 1, random.below(300), random.below(5000), random.below(200_000)]);
    const isAnnounced = random.once(2);
    return {
      ...{ bytes, isAnnounced, hasTrailers: !isAnnounced && random.once(2) },
      failsAt: random.once(8) && bytes > 0 ? random.below(bytes) : undefined,
    };
  };
  const exchange = (): Exchange => ({
    request: random.once(3) ? undefined : sent(),
    response: random.once(8) ? undefined : sent(),
    readsFirst: random.once(2),
    wants: random.once(8) ? random.below(5000) : undefined,
  });
  const wire = (): Wire => ({
    pieceBytes: random.of([3, 100, 5000, 65_536]),
    turns: random.below(3),
    fault: random.once(2)
      ? {
          to: random.of(["server", "client"] as const),
          bytes: random.of([random.below(50), random.below(2000), random.below(100_000)]),
          how: random.of(["reset", "end"] as const),
        }
      : undefined,
  });
  return {
    seed,
    protocol: random.of(["HTTP/1.1", "HTTP/2"] as const),
    wires: Array.from({ length: random.from(1, 4) }, wire),
    groups: Array.from({ length: random.from(1, 3) }, () =>
      Array.from({ length: random.from(1, MOST_AT_A_TIME) }, exchange),
    ),
  };
}

/** What is wrong with a trace; nothing if all is as it has to be. */
async function wrongHttp(trace: HttpTrace): Promise<string | undefined> {
  return new Play(trace).play();
}

/** What came of a body. */
type Came =
  | { readonly is: "whole"; readonly bytes: Uint8Array; readonly trailers: readonly Field[] | undefined }
  /** Not all was wanted. */
  | { readonly is: "part"; readonly bytes: Uint8Array }
  | { readonly is: "failed"; readonly why: string };

class Play {
  readonly #trace: HttpTrace;
  readonly #exchanges: readonly Exchange[];
  readonly #wrong: string[] = [];
  /** Bodies that are held by who was given them. */
  readonly #held = new Set<string>();
  /** Requests of which the handler has what came. */
  readonly #answered = new Map<number, Promise<Came | undefined>>();

  constructor(trace: HttpTrace) {
    this.#trace = trace;
    this.#exchanges = trace.groups.flat();
  }

  async play(): Promise<string | undefined> {
    const { protocol, wires, groups, seed } = this.#trace;
    if (protocol === "HTTP/2") trust();
    const answer = carrying.answer((request) => this.#answer(request));
    const { server, close } = httpServer(answer, () => {}, protocol === "HTTP/2" ? TLS : undefined);
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    // A server on a port has an address.
    const between = await wiresTo((server.address() as AddressInfo).port, wires, seed);
    const client = new NodeHttpClient(async () => [{ family: "ipv4", ip: "127.0.0.1" }], MOST_AT_A_TIME);
    const asking = carrying.client(client);
    let at = 0;
    for (const group of groups) {
      const asked = group.map((exchange) => this.#ask(asking, between, exchange, at++));
      if (!(await isOver(Promise.all(asked)))) this.#wrong.push("a client never hears of the end");
      if (this.#wrong.length > 0) break;
    }
    client.close();
    between.close();
    if (this.#wrong.length === 0) {
      if (!(await isOver(Promise.all(this.#answered.values())))) this.#wrong.push("a handler never hears of the end");
      else if (!(await isOver(close()))) this.#wrong.push("the server holds a connection at the end");
      else if (!(await isOver(this.#letGo()))) this.#wrong.push(`held at the end: ${[...this.#held].join(", ")}`);
    }
    server.closeAllConnections();
    server.close();
    return this.#wrong[0];
  }

  /** Resolves when no body is held. */
  async #letGo(): Promise<void> {
    for (let waits = 0; this.#held.size > 0 && waits < NEVER_WAITS; waits++) await wait(1);
    if (this.#held.size > 0) await new Promise(() => {});
  }

  async #ask(client: HttpClient, wires: Wires, exchange: Exchange, at: number): Promise<void> {
    const { request, response, wants } = exchange;
    const what = `exchange ${at}`;
    const brokenBefore = wires.broken();
    const abort = new AbortController();
    let came: Came;
    let status = 0;
    try {
      const answer = await this.#send(client, wires.port, request, at, abort.signal);
      ({ status } = answer);
      came = await cameOf(answer.body, wants);
      answer.body?.source.close();
    } catch (error) {
      came = { is: "failed", why: tagOf(error) };
    }
    if (came.is === "part") abort.abort();
    if (status === 200) this.#compare(`${what}, the response`, came, response, at + 1);
    else if (status !== 0 && came.is !== "failed" && status !== 500)
      this.#wrong.push(`${what}: the status is ${status}`);
    const isQuiet = wires.broken() === brokenBefore && this.#trace.wires.every(({ fault }) => !fault);
    const mayFail = [request, response].some((sent) => sent?.failsAt !== undefined) || wants !== undefined;
    if (isQuiet && !mayFail && (came.is !== "whole" || status !== 200)) {
      this.#wrong.push(
        `${what}: nothing broke, and it came to ${JSON.stringify(came.is === "failed" ? came.why : status)}`,
      );
    }
  }

  /** One that is over may be counted until its connection is free. */
  async #send(
    client: HttpClient,
    port: number,
    body: Sent | undefined,
    at: number,
    signal: AbortSignal,
  ): Promise<HttpResponse> {
    for (;;) {
      try {
        return await client.send(
          {
            ...{ method: "POST", scheme: this.#trace.protocol === "HTTP/2" ? "https" : "http", path: `/${at}` },
            ...{ authority: `name.test:${port}`, headers: [], timeouts: TIMEOUTS },
            body: body && this.#sending(body, at, `exchange ${at}, the request`),
          },
          signal,
        );
      } catch (error) {
        if (tagOf(error) !== "connection-limit-reached") throw error;
        await new Promise((resolve) => void setImmediate(resolve));
      }
    }
  }

  async #answer({ path, body }: HttpRequest): Promise<HttpResponse> {
    const at = Number(path.slice(1));
    const exchange = this.#exchanges[at];
    if (!exchange) throw new Error(`Nobody asks for ${path}`);
    const { request, response, readsFirst } = exchange;
    const what = `exchange ${at}, the request`;
    const reading = cameOf(body, undefined).then((came) => {
      body?.source.close();
      this.#compare(what, came, request, at);
      return came;
    });
    // One may be sent again.
    this.#answered.set(at, reading);
    if (readsFirst) await reading;
    return {
      status: 200,
      headers: [],
      body: response && this.#sending(response, at + 1, `exchange ${at}, the response`),
    };
  }

  #compare(what: string, came: Came, sent: Sent | undefined, serial: number): void {
    if (came.is === "failed") return;
    const expected = pattern(serial, sent?.bytes ?? 0);
    if (Buffer.compare(came.bytes, expected.subarray(0, came.bytes.length)) !== 0)
      this.#wrong.push(`${what} has other bytes`);
    if (came.is === "part") return;
    if (came.bytes.length !== expected.length || sent?.failsAt !== undefined) {
      this.#wrong.push(`${what} looks whole with ${came.bytes.length} of ${expected.length} bytes`);
    } else if (sent?.hasTrailers === true && came.trailers?.[0]?.[0] !== "x-end") {
      this.#wrong.push(`${what} has lost what comes after it`);
    }
  }

  /** A body, as it is sent. */
  #sending({ bytes, isAnnounced, hasTrailers, failsAt }: Sent, serial: number, what: string): HttpBody {
    const pipe = newBody();
    void (async () => {
      await writeAll(pipe, pattern(serial, bytes).subarray(0, failsAt));
      if (failsAt !== undefined) pipe.sink.abort(new HttpError({ tag: "internal-error", val: undefined }, "it fails"));
      else endBody(pipe, hasTrailers ? [["x-end", Buffer.from("1")]] : undefined);
    })().catch(() => {});
    this.#held.add(what);
    const { source } = pipe.body;
    const over = (): void => void this.#held.delete(what);
    return {
      length: isAnnounced ? BigInt(bytes) : undefined,
      trailers: () => pipe.body.trailers(),
      source: {
        read(max) {
          try {
            const given = source.read(max);
            if (given === null) over();
            return given;
          } catch (error) {
            over();
            throw error;
          }
        },
        ready: () => source.ready(),
        watch: (waker) => source.watch(waker),
        unwatch: (waker) => source.unwatch(waker),
        close() {
          over();
          source.close();
        },
      },
    };
  }
}

async function cameOf(body: HttpBody | undefined, wants: number | undefined): Promise<Came> {
  try {
    const bytes = await readAll(body, wants);
    if (wants !== undefined && bytes.length >= wants) return { is: "part", bytes };
    return { is: "whole", bytes, trailers: await body?.trailers() };
  } catch (error) {
    return { is: "failed", why: tagOf(error) };
  }
}

function tagOf(error: unknown): string {
  return error instanceof HttpError ? error.payload.tag : String(error);
}

/** Bytes that are others for each body. */
function pattern(serial: number, length: number): Uint8Array {
  return new Uint8Array(length).map((_, at) => (serial * 31 + at * 7 + (at >> 8)) & 0xff);
}

async function isOver(promise: Promise<unknown>): Promise<boolean> {
  const done = promise.then(() => true);
  // The first waits are short, since most are over by then.
  for (let waits = 0; waits < NEVER_WAITS;) {
    const ms = waits < 100 ? 1 : 100;
    // oxlint-disable-next-line no-await-in-loop -- one after the other
    if (await Promise.race([done, wait(ms, false)])) return true;
    waits += ms;
  }
  return false;
}

/** The first seed that fails, and why. */
export async function firstHttpFailure(
  seed: number,
  count: number,
): Promise<{ readonly seed: number; readonly reason: string; readonly trace: HttpTrace } | undefined> {
  for (let index = 0; index < count; index++) {
    const trace = httpOfSeed(seed + index);
    const reason = await wrongHttp(trace);
    if (reason !== undefined) return { seed: seed + index, reason, trace };
  }
  return undefined;
}

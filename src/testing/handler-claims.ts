/* oxlint-disable no-await-in-loop -- one exchange after the other */
import { deferred } from "../io/deferred.ts";
import type { BodyPipe } from "../wasi/http/body-pipe.ts";
import { HttpError } from "../wasi/http/error-code.ts";
import type { HttpRequest, HttpResponse } from "../wasi/http/exchange.ts";
import type { Field } from "../wasi/http/fields.ts";
import {
  claimsAbout,
  expect,
  expectBytes,
  expectDone,
  expectEventually,
  expectOutcome,
  pattern,
  rest,
  start,
  type Claim,
} from "./claims.ts";
import { endBody, newBody, readAll, writeAll, type Handler, type HandlerFixture } from "./handler-subject.ts";

const claim = claimsAbout<HandlerFixture>();

/** Ten minutes: nothing here waits for a time. */
const TIMEOUT_MS = 600_000;
const LIMIT_BYTES = 64 * 1024 * 1024;

type Ask = (given?: Partial<HttpRequest>, signal?: AbortSignal) => Promise<HttpResponse>;

async function serving({ serve }: HandlerFixture, handler: Handler): Promise<Ask> {
  const { client, authority } = await serve(handler);
  const timeouts = { connect: TIMEOUT_MS, firstByte: TIMEOUT_MS, betweenBytes: TIMEOUT_MS };
  return (given, signal = new AbortController().signal) =>
    client.send(
      { ...{ method: "GET", scheme: "http", authority, path: "/", headers: [], body: undefined, timeouts }, ...given },
      signal,
    );
}

const answer = (given: Partial<HttpResponse> = {}): HttpResponse => ({
  status: 200,
  headers: [],
  body: undefined,
  ...given,
});

const field = (name: string, ...codes: number[]): Field => [name, Uint8Array.from(codes)];

/** Fields as text, of the names that begin with x-. */
function shown(fields: readonly Field[] | undefined): string[] {
  return (fields ?? []).filter(([name]) => name.startsWith("x-")).map(([name, value]) => `${name}=${value.join(".")}`);
}

/** The values of a name in their order: names have none by HTTP. */
function byName(fields: readonly string[]): readonly string[] {
  const name = (text: string): string => text.slice(0, text.indexOf("="));
  return fields.toSorted((one, other) => name(one).localeCompare(name(other)));
}

function expectSame(what: string, actual: readonly string[], expected: readonly string[]): void {
  expect(actual.join(" ") === expected.join(" "), `${what}: ${actual.join(" ")}, expected ${expected.join(" ")}`);
}

/** A body of these bytes, which is being written. */
function bodyOf(bytes: Uint8Array, trailers?: readonly Field[]): BodyPipe["body"] {
  const pipe = newBody();
  // Whoever leaves it has said so by leaving.
  void writeAll(pipe, bytes).then(
    () => endBody(pipe, trailers),
    () => {},
  );
  return pipe.body;
}

const isFailure = async (promise: Promise<unknown>): Promise<boolean> =>
  promise.then(
    () => false,
    () => true,
  );

const LARGE = 300_000;
const FIELDS = [field("x-b", 0x31), field("x-a", 0xe9, 0xff), field("x-b", 0x32)];

/** What a server and who asks it owe each other. */
export const HANDLER_CLAIMS: readonly Claim<HandlerFixture>[] = [
  claim("11.6", "method, path and fields arrive, and status and fields come back", [], async (fixture) => {
    let seen: HttpRequest | undefined;
    const ask = await serving(fixture, async (request) => {
      seen = request;
      return answer({ status: 299, headers: [field("x-back", 0x32)] });
    });
    const { status, headers } = await ask({ method: "PUT", path: "/a/b?c=%20d&e", headers: [field("x-there", 0x31)] });
    expectSame("the request", [seen?.method ?? "", seen?.path ?? ""], ["PUT", "/a/b?c=%20d&e"]);
    expectSame("its fields", shown(seen?.headers), ["x-there=49"]);
    expectSame("the response", [String(status), ...shown(headers)], ["299", "x-back=50"]);
  }),
  claim("11.2", "fields keep their order, their duplicates and their bytes", ["keepsFields"], async (fixture) => {
    let seen: readonly Field[] = [];
    const ask = await serving(fixture, async ({ headers }) => {
      seen = headers;
      return answer({ headers: FIELDS });
    });
    const { headers } = await ask({ headers: FIELDS });
    expectSame("of the request", shown(seen), shown(FIELDS));
    expectSame("of the response", shown(headers), shown(FIELDS));
  }),
  claim("11.8", "bodies arrive whole", [], async (fixture) => {
    let came = new Uint8Array(0);
    let size = 0;
    const ask = await serving(fixture, async ({ body }) => {
      came = Uint8Array.from(await readAll(body));
      return answer({ body: bodyOf(pattern(size)) });
    });
    for (size of [0, 1, 65_537, LARGE]) {
      const { body } = await ask({ method: "POST", body: bodyOf(pattern(size)) });
      expectBytes("the response", await readAll(body), pattern(size));
      expectBytes("the request", came, pattern(size));
    }
  }),
  claim("11.6", "a response begins and flows while its request does", ["isDuplex"], async (fixture) => {
    const ask = await serving(fixture, async ({ body }) => answer({ body }));
    const pipe = newBody();
    const { body } = await ask({ method: "POST", body: pipe.body });
    for (let round = 0; round < 3; round++) {
      await writeAll(pipe, pattern(10));
      expectBytes("what came", await readAll(body, 10), pattern(10));
    }
    endBody(pipe);
    expectBytes("the rest", await readAll(body), pattern(0));
  }),
  claim("11.2", "fields after a body arrive", ["hasTrailers"], async (fixture) => {
    let seen: readonly Field[] | undefined;
    const ask = await serving(fixture, async ({ body }) => {
      await readAll(body);
      seen = await body?.trailers();
      return answer({ body: bodyOf(pattern(3), FIELDS) });
    });
    const { body } = await ask({ method: "POST", body: bodyOf(pattern(3), FIELDS) });
    await readAll(body);
    expectSame("of the response", byName(shown(await body?.trailers())), byName(shown(FIELDS)));
    expectSame("of the request", byName(shown(seen)), byName(shown(FIELDS)));
  }),
  claim("11.8", "a response that is cut never looks complete", [], async (fixture) => {
    const pipe = newBody();
    const ask = await serving(fixture, async () => answer({ body: pipe.body }));
    const { body } = await ask();
    await writeAll(pipe, pattern(10));
    expectBytes("what came", await readAll(body, 10), pattern(10));
    pipe.sink.abort(new HttpError({ tag: "internal-error", val: undefined }, "cut"));
    expect(await isFailure(readAll(body)), "the end of the body came");
  }),
  claim("11.8", "a request that is cut never looks complete", [], async (fixture) => {
    const ended = deferred<boolean>();
    const begun = deferred<void>();
    const ask = await serving(fixture, async ({ body }) => {
      await readAll(body, 10);
      begun.resolve();
      ended.resolve(await isFailure(readAll(body)));
      return answer();
    });
    const pipe = newBody();
    const asked = start("the request", () => ask({ method: "POST", body: pipe.body }));
    await writeAll(pipe, pattern(10));
    await begun.promise;
    pipe.sink.abort(new HttpError({ tag: "internal-error", val: undefined }, "cut"));
    expect(await ended.promise, "the handler saw the end of the body");
    await expectEventually(fixture, "the end of the request", () => asked.isDone());
  }),
  claim("11.12", "a handler that fails is a 500 or a failure, and the next is answered", [], async (fixture) => {
    let count = 0;
    const ask = await serving(fixture, async () => {
      if (count++ === 0) throw new Error("the handler fails");
      return answer({ body: bodyOf(pattern(3)) });
    });
    const first = start("the request", () => ask());
    await expectEventually(fixture, "the end of the request", () => first.isDone());
    const status = await first.promise.then(
      (response) => response.status,
      () => undefined,
    );
    expect(status === undefined || status >= 500, `the status is ${status}`);
    expectBytes("the next", await readAll((await ask()).body), pattern(3));
  }),
  claim("11.12", "a status that has no body has none", [], async (fixture) => {
    let status = 0;
    const ask = await serving(fixture, async () => answer({ status }));
    for (status of [200, 204, 304]) {
      const response = await ask();
      expect(response.status === status, `${response.status}, expected ${status}`);
      expectBytes(`the body of ${status}`, await readAll(response.body), pattern(0));
    }
  }),
  claim("11.12", "a request that nobody reads is answered", [], async (fixture) => {
    const ask = await serving(fixture, async ({ body }) => {
      body?.source.close();
      return answer({ body: bodyOf(pattern(3)) });
    });
    const { body } = await ask({ method: "POST", body: bodyOf(pattern(LARGE)) });
    expectBytes("the response", await readAll(body), pattern(3));
  }),
  claim("11.9", "who reads nothing stops who writes", [], async (fixture) => {
    const pipe = newBody();
    const ask = await serving(fixture, async () => answer({ body: pipe.body }));
    const { body } = await ask();
    const piece = pattern(65_536);
    const limit = fixture.limitBytes ?? LIMIT_BYTES;
    let written = 0;
    for (let idle = 0; idle < 50; await rest(fixture)) {
      const taken = pipe.sink.write(piece);
      written += taken;
      idle = taken === 0 ? idle + 1 : 0;
      expect(written <= limit, `${written} bytes are under way, of at most ${limit}`);
    }
    body?.source.close();
  }),
  claim("11.11", "who leaves a response ends it", [], async (fixture) => {
    const pipe = newBody();
    const ask = await serving(fixture, async () => answer({ body: pipe.body }));
    const { body } = await ask();
    await writeAll(pipe, pattern(10));
    await readAll(body, 10);
    body?.source.close();
    await expectEventually(fixture, "the end of the body", () => {
      try {
        pipe.sink.write(pattern(1));
        return false;
      } catch {
        return true;
      }
    });
  }),
  claim("11.11", "who gives up a request is done with it", [], async (fixture) => {
    const reached = deferred<void>();
    const ask = await serving(fixture, () => {
      reached.resolve();
      return new Promise(() => {});
    });
    const controller = new AbortController();
    const asked = start("the request", () => ask({}, controller.signal));
    await reached.promise;
    controller.abort();
    await expectEventually(fixture, "the end of the request", () => asked.isDone());
    expect(await isFailure(asked.promise), "it was answered");
  }),
  claim("11.12", "requests that wait do so together", [], async (fixture) => {
    const gates = [0, 1, 2].map(() => deferred<void>());
    const ask = await serving(fixture, async ({ path }) => {
      await gates[Number(path.slice(1))]?.promise;
      return answer({ headers: [field("x-path", path.charCodeAt(1))] });
    });
    const asked = gates.map((_, n) => start(`request ${n}`, () => ask({ path: `/${n}` })));
    for (const n of [2, 1, 0]) {
      gates[n]?.resolve();
      const call = asked[n];
      expect(call !== undefined, "there are three");
      const { headers } = await expectDone(fixture, call);
      expectSame("its path", shown(headers), [`x-path=${0x30 + n}`]);
      if (n > 0) expect(asked[n - 1]?.isDone() === false, "another one did not wait");
    }
    await expectOutcome("all of them", "ok", () => Promise.all(asked.map(({ promise }) => promise)));
  }),
];

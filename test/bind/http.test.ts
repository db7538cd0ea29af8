/** The rules of HTTP as a guest's calls meet them, with a client and bodies that are the test's to play. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { Entry } from "../../src/abi/resources.ts";
import { addIncomingBody } from "../../src/bind/http/bodies.ts";
import { INTERFACES } from "../../src/bind/interfaces.ts";
import type { Instance } from "../../src/bind/instance.ts";
import { microtasks } from "../../src/testing/index.ts";
import { HttpError } from "../../src/wasi/http/error-code.ts";
import { NO_BODY, type HttpBody, type HttpRequest, type HttpResponse } from "../../src/wasi/http/exchange.ts";
import type { Side } from "../../src/wasi/http/outgoing-body.ts";
import { BareGuest } from "./support.ts";

const bytes = (text: string): Uint8Array => Buffer.from(text, "latin1");

interface Sent {
  readonly request: HttpRequest;
  readonly signal: AbortSignal;
}

/** A guest's calls, by the names of WIT, with resources in the place of handles. */
class Calls {
  readonly instance: Instance;
  readonly sent: Sent[] = [];

  /** @param answer What its client answers with. Missing: the guest is granted none. */
  constructor(answer?: () => Promise<HttpResponse>) {
    const http = answer && {
      send: (request: HttpRequest, signal: AbortSignal): Promise<HttpResponse> => {
        this.sent.push({ request, signal });
        return answer();
      },
    };
    ({ instance: this.instance } = new BareGuest({}, false, undefined, { http }));
  }

  call(name: string, ...values: readonly unknown[]): unknown {
    return this.#run("wasi:http/types", name, values);
  }

  /** @param name What gives a resource. */
  made(name: string, ...values: readonly unknown[]): Entry {
    const entry = this.call(name, ...values);
    assert.ok(entry instanceof Entry, name);
    return entry;
  }

  /** What a call is refused with, or "ok". */
  refusal(name: string, ...values: readonly unknown[]): unknown {
    return refusal(() => this.call(name, ...values));
  }

  handle(request: Entry, options?: Entry): Entry {
    const future = this.#run("wasi:http/outgoing-handler", "handle", [request, options]);
    assert.ok(future instanceof Entry);
    return future;
  }

  /** A request that can be sent, but for what is said otherwise. */
  request(parts: Readonly<Record<string, string | undefined>> = {}): Entry {
    const request = this.made("[constructor]outgoing-request", this.made("[constructor]fields"));
    const all = { scheme: "http", authority: "name.test", "path-with-query": "/", ...parts };
    for (const [part, value] of Object.entries(all)) this.call(`[method]outgoing-request.set-${part}`, request, value);
    return request;
  }

  /** Its response, when it has come. */
  async response(future: Entry): Promise<Entry> {
    await microtasks();
    const given = this.call("[method]future-incoming-response.get", future) as { val: { tag: "ok"; val: Entry } };
    return given.val.val;
  }

  #run(from: string, name: string, values: readonly unknown[]): unknown {
    const definition = INTERFACES.get(from)?.functions[name];
    assert.ok(definition, name);
    const given = values.map((value, at) => {
      const param = definition.params[at];
      if (!(value instanceof Entry) || (param && "asEntry" in param && param.asEntry === true)) return value;
      // What is taken is the guest's no more.
      if (param?.wit.kind !== "borrow") value.release();
      return value.value;
    });
    return definition.run(this.instance, given);
  }
}

function refusal(call: () => unknown): unknown {
  try {
    call();
    return "ok";
  } catch (error) {
    if (!(error instanceof Error)) return error;
    // The payload of a WIT error is a case with a name, or nothing.
    const { payload } = error as { readonly payload?: { readonly tag: string } };
    return payload?.tag ?? error.name;
  }
}

interface Watched {
  readonly body: HttpBody;
  isClosed: boolean;
}

/** A body of which nothing comes, and which says when nobody wants it any more. */
function watched(): Watched {
  const seen: Watched = {
    body: {
      ...NO_BODY,
      source: {
        ...NO_BODY.source,
        read: () => new Uint8Array(0),
        ready: () => false,
        close: () => (seen.isClosed = true),
      },
    },
    isClosed: false,
  };
  return seen;
}

const never = (): Promise<HttpResponse> => new Promise(() => {});

test("11.1 a request that is not granted is denied at once, and who writes its body finds it closed", () => {
  const calls = new Calls();
  const request = calls.request();
  const body = calls.made("[method]outgoing-request.body", request);
  const stream = calls.made("[method]outgoing-body.write", body);
  assert.equal(
    refusal(() => calls.handle(request)),
    "HTTP-request-denied",
  );
  const { value } = stream as { readonly value: { checkWrite(): number } };
  assert.throws(() => value.checkWrite());
});

test("11.4 the headers of any message are a copy that cannot be changed, and a clone of them can", async () => {
  const response: HttpResponse = { status: 200, headers: [["x-a", bytes("1")]], body: undefined };
  const calls = new Calls(async () => response);
  const fields = (): Entry => calls.made("[static]fields.from-list", [["x-a", bytes("1")]]);
  const theirs = await calls.response(calls.handle(calls.request()));
  for (const [kind, message] of [
    ["outgoing-request", calls.made("[constructor]outgoing-request", fields())],
    ["outgoing-response", calls.made("[constructor]outgoing-response", fields())],
    ["incoming-response", theirs],
  ] as const) {
    const headers = calls.made(`[method]${kind}.headers`, message);
    assert.equal(calls.refusal("[method]fields.append", headers, "x-b", bytes("2")), "immutable", kind);
    assert.equal(calls.refusal("[method]fields.set", headers, "x-a", []), "immutable", kind);
    assert.equal(calls.refusal("[method]fields.delete", headers, "x-a"), "immutable", kind);
    const copy = calls.made("[method]fields.clone", headers);
    assert.equal(calls.refusal("[method]fields.append", copy, "x-b", bytes("2")), "ok", kind);
    const again = calls.made(`[method]${kind}.headers`, message);
    for (const each of [headers, again]) {
      assert.deepEqual(calls.call("[method]fields.entries", each), [["x-a", bytes("1")]], kind);
    }
  }
});

test("11.5 a future has nothing, then its response once, then an error, though nobody waits for it", async () => {
  const answers = Promise.withResolvers<HttpResponse>();
  const calls = new Calls(() => answers.promise);
  const future = calls.handle(calls.request());
  const get = (): unknown => calls.call("[method]future-incoming-response.get", future);
  await microtasks();
  assert.equal(get(), undefined);
  answers.resolve({ status: 200, headers: [], body: undefined });
  await microtasks();
  const given = get() as { readonly tag: string; readonly val: { readonly tag: string } };
  assert.deepEqual([given.tag, given.val.tag], ["ok", "ok"]);
  assert.deepEqual(get(), { tag: "err" });
});

test("11.6 a request is a GET and nothing more at first, and set to nothing that HTTP has not", () => {
  const calls = new Calls();
  const request = calls.made("[constructor]outgoing-request", calls.made("[constructor]fields"));
  const all = (): unknown[] =>
    ["method", "scheme", "authority", "path-with-query"].map((part) =>
      calls.call(`[method]outgoing-request.${part}`, request),
    );
  assert.deepEqual(all(), ["GET", undefined, undefined, undefined]);
  for (const [part, wrong] of [
    ["method", "A B"],
    ["scheme", "9p"],
    ["authority", "a:65536"],
    ["path-with-query", "/a b"],
  ] as const) {
    assert.equal(calls.refusal(`[method]outgoing-request.set-${part}`, request, wrong), "Refused", part);
  }
  assert.deepEqual(all(), ["GET", undefined, undefined, undefined]);
});

test("11.6 no scheme is https; another, no authority and no path are refused when it is sent", () => {
  const calls = new Calls(never);
  calls.handle(calls.request({ scheme: undefined, "path-with-query": "?q" }));
  const [sent] = calls.sent;
  assert.deepEqual([sent?.request.scheme, sent?.request.path], ["https", "/?q"]);
  for (const [part, value, code] of [
    ["scheme", "ftp", "HTTP-protocol-error"],
    ["path-with-query", undefined, "HTTP-protocol-error"],
    ["authority", undefined, "HTTP-request-URI-invalid"],
  ] as const) {
    assert.equal(
      refusal(() => calls.handle(calls.request({ [part]: value }))),
      code,
      part,
    );
  }
  assert.equal(calls.sent.length, 1);
});

for (const side of ["request", "response"] as const satisfies readonly Side[]) {
  test(`11.3 trailers of a ${side} beyond limits.fieldBytes are an error, and trap nobody`, async () => {
    const calls = new Calls();
    const most = calls.instance.world.limits.fieldBytes;
    for (const length of [most - 32 - 40 - 1, most - 32 - 40]) {
      const trailers = async (): Promise<HttpResponse["headers"]> => [["x", new Uint8Array(length)]];
      const body = addIncomingBody(calls.instance, side, { ...NO_BODY, trailers });
      const future = calls.made("[static]incoming-body.finish", body);
      // oxlint-disable-next-line no-await-in-loop -- one after the other
      await microtasks();
      const given = calls.call("[method]future-trailers.get", future) as { val: { tag: string; val: unknown } };
      const beyond = { tag: `HTTP-${side}-trailer-section-size`, val: length + 32 + 40 + 1 };
      if (length + 32 + 40 + 1 > most) assert.deepEqual(given.val, { tag: "err", val: beyond });
      else assert.ok(given.val.val instanceof Entry);
    }
  });
}

test("11.10 http-error-code gives the code of what HTTP failed of, and nothing of anything else", () => {
  const calls = new Calls();
  const code = { tag: "HTTP-response-incomplete" } as const;
  assert.equal(calls.call("http-error-code", { cause: new HttpError(code) }), code);
  for (const cause of [undefined, new Error("of a file"), code]) {
    assert.equal(calls.call("http-error-code", { cause }), undefined);
  }
});

test("11.11 a time-out is ten minutes unless it is set, and never shorter than that", () => {
  const calls = new Calls(never);
  const options = calls.made("[constructor]request-options");
  for (const [name, ns] of [
    ["connect", 0n],
    ["first-byte", 1n],
    ["between-bytes", 2_000_001n],
  ] as const) {
    assert.equal(calls.call(`[method]request-options.${name}-timeout`, options), undefined);
    calls.call(`[method]request-options.set-${name}-timeout`, options, ns);
    assert.equal(calls.call(`[method]request-options.${name}-timeout`, options), ns);
  }
  calls.handle(calls.request());
  calls.handle(calls.request(), options);
  assert.deepEqual(
    calls.sent.map(({ request }) => request.timeouts),
    [
      { connect: 600_000, firstByte: 600_000, betweenBytes: 600_000 },
      { connect: 0, firstByte: 1, betweenBytes: 3 },
    ],
  );
});

test("11.11 who drops the future ends the exchange, also where the response is there or still comes", async () => {
  const waiting = new Calls(never);
  waiting.handle(waiting.request()).drop();
  assert.equal(waiting.sent[0]?.signal.aborted, true);
  for (const isEarly of [true, false]) {
    const seen = watched();
    const calls = new Calls(async () => ({ status: 200, headers: [], body: seen.body }));
    const future = calls.handle(calls.request());
    // oxlint-disable-next-line no-await-in-loop -- one after the other
    if (!isEarly) await microtasks();
    future.drop();
    // oxlint-disable-next-line no-await-in-loop -- as above
    await microtasks();
    assert.equal(seen.isClosed, true);
  }
});

test("11.11 who drops a response or its body ends the exchange; a body that was taken outlives its response", async () => {
  const seen = watched();
  const calls = new Calls(async () => ({ status: 200, headers: [], body: seen.body }));
  const taken = async (): Promise<Entry> => calls.response(calls.handle(calls.request()));
  (await taken()).drop();
  assert.equal(seen.isClosed, true);
  seen.isClosed = false;
  const response = await taken();
  const body = calls.made("[method]incoming-response.consume", response);
  response.drop();
  assert.equal(seen.isClosed, false);
  body.drop();
  assert.equal(seen.isClosed, true);
});

test("11.12 a status has three digits, and none is below 100", () => {
  const calls = new Calls();
  const response = calls.made("[constructor]outgoing-response", calls.made("[constructor]fields"));
  assert.equal(calls.call("[method]outgoing-response.status-code", response), 200);
  for (const status of [0, 99, 1000, 65_535]) {
    assert.equal(calls.refusal("[method]outgoing-response.set-status-code", response, status), "Refused");
  }
  for (const status of [100, 999]) {
    calls.call("[method]outgoing-response.set-status-code", response, status);
    assert.equal(calls.call("[method]outgoing-response.status-code", response), status);
  }
});

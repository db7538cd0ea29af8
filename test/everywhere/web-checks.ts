/** What only pages and their workers have: `fetch` with other origins. */
import { FetchClient } from "../../src/hosts/web/fetch.ts";
import { HttpError } from "../../src/wasi/http/error-code.ts";
import type { HttpRequest, HttpResponse } from "../../src/wasi/http/exchange.ts";
import { bytesOf, rest } from "./bodies.ts";
import { holds, rejection, same, type Check, type Host } from "./check.ts";

/** A page, or a worker of it. */
export interface WebHost extends Host {
  /** The authority of another origin: see peer.ts. */
  readonly elsewhere: string;
  /** An authority where nobody listens. */
  readonly nobody: string;
}

const MAX_EXCHANGES = 2;
const latin1 = (text: string): Uint8Array => Uint8Array.from(text, (char) => char.charCodeAt(0));

function asking(authority: string, path: string, more: Partial<HttpRequest> = {}): HttpRequest {
  return {
    ...{ method: "GET", scheme: "http", authority, path, headers: [], body: undefined },
    timeouts: { connect: Infinity, firstByte: Infinity, betweenBytes: Infinity },
    ...more,
  };
}

function posting(authority: string, path: string, bytes: number): HttpRequest {
  const body = {
    source: bytesOf(bytes),
    length: undefined,
    trailers: () => Promise.resolve(undefined),
  };
  return asking(authority, path, { method: "POST", body });
}

function sent(request: HttpRequest, signal = new AbortController().signal): Promise<HttpResponse> {
  return new FetchClient(MAX_EXCHANGES).send(request, signal);
}

/** What `/echo` says that it was asked. */
async function echoed(request: HttpRequest): Promise<{ headers: Record<string, string>; bytes: number }> {
  const { status, body } = await sent(request);
  same("status", status, 200);
  // As peer.ts writes it.
  return JSON.parse(await rest(body)) as { headers: Record<string, string>; bytes: number };
}

async function failsWith(tag: string, promise: Promise<unknown>): Promise<void> {
  const error = await rejection(promise);
  holds(error instanceof HttpError, `no HttpError: ${String(error)}`);
  // It is one.
  same("code", (error as HttpError).payload.tag, tag, String(error));
}

export const webChecks: readonly Check<WebHost>[] = [
  {
    title: "sockets are refused in words",
    async play({ run, compile, file }) {
      const component = await compile(await file("built/udp-ungranted.wasm"));
      const error = await rejection(run(component, { network: true }));
      holds(error instanceof TypeError && error.message.includes("MemoryNetwork"), String(error));
      same("exit code", (await run(component, {})).exitCode, 0);
    },
  },
  {
    title: "fetch: status, fields and body of a response arrive",
    async play({ elsewhere }) {
      const { status, headers, body } = await sent(asking(elsewhere, "/open/teapot"));
      same("status", status, 418);
      const field = headers.find(([name]) => name === "x-a");
      same("x-a", [...(field?.[1] ?? [])], [...latin1("1")]);
      same("body", await rest(body), "short and stout");
    },
  },
  {
    title: "fetch: a short body is sent with its length, and nothing of the page's",
    async play({ elsewhere }) {
      const { headers, bytes } = await echoed({
        ...posting(elsewhere, "/open/echo", 1000),
        headers: [["x-b", latin1("2")]],
      });
      same("bytes", bytes, 1000);
      same("fields", [headers["content-length"], headers["x-b"], headers["referer"]], ["1000", "2", undefined]);
    },
  },
  {
    title: "fetch: a long body arrives over HTTP/1.1",
    async play({ elsewhere }) {
      same("bytes", (await echoed(posting(elsewhere, "/open/echo", 3_000_000))).bytes, 3_000_000);
    },
  },
  {
    title: "fetch: a body that is too long to be held is HTTP-request-body-size",
    play: ({ elsewhere }) => failsWith("HTTP-request-body-size", sent(posting(elsewhere, "/open/echo", 17_000_000))),
  },
  {
    title: "fetch: what the other origin does not permit (CORS) is HTTP-request-denied",
    play: ({ elsewhere }) => failsWith("HTTP-request-denied", sent(asking(elsewhere, "/teapot"))),
  },
  {
    title: "fetch: where nobody listens is destination-unavailable",
    play: ({ nobody }) => failsWith("destination-unavailable", sent(asking(nobody, "/"))),
  },
  {
    title: "fetch: a field that fetch does not send is HTTP-request-denied",
    play: ({ elsewhere }) =>
      failsWith("HTTP-request-denied", sent(asking(elsewhere, "/open/echo", { headers: [["cookie", latin1("a=1")]] }))),
  },
  {
    title: "fetch: a method that fetch does not send is HTTP-request-method-invalid",
    play: ({ elsewhere }) =>
      failsWith("HTTP-request-method-invalid", sent(asking(elsewhere, "/open/echo", { method: "TRACE" }))),
  },
  {
    title: "fetch: a user in the authority is HTTP-request-URI-invalid",
    play: ({ elsewhere }) =>
      failsWith("HTTP-request-URI-invalid", sent(asking(`me:secret@${elsewhere}`, "/open/echo"))),
  },
  {
    title: "fetch: a redirect, which fetch hides, is internal-error with words",
    async play({ elsewhere }) {
      const error = await rejection(sent(asking(elsewhere, "/open/redirect")));
      holds(error instanceof HttpError && error.payload.tag === "internal-error", String(error));
      holds(String(error).includes("redirect"), String(error));
    },
  },
  {
    title: "fetch: no response in time is connection-read-timeout",
    play: ({ elsewhere }) =>
      failsWith(
        "connection-read-timeout",
        sent(asking(elsewhere, "/open/never", { timeouts: { connect: 1, firstByte: 1, betweenBytes: Infinity } })),
      ),
  },
  {
    title: "fetch: no more of a body in time is connection-read-timeout",
    async play({ elsewhere }) {
      const timeouts = { connect: Infinity, firstByte: Infinity, betweenBytes: 1000 };
      const { body } = await sent(asking(elsewhere, "/open/stalls", { timeouts }));
      await failsWith("connection-read-timeout", rest(body));
    },
  },
  {
    title: "fetch: a body that is cut is HTTP-response-incomplete",
    async play({ elsewhere }) {
      const { body } = await sent(asking(elsewhere, "/open/cut"));
      await failsWith("HTTP-response-incomplete", rest(body));
    },
  },
  {
    title: "fetch: more requests than are permitted at a time are connection-limit-reached",
    async play({ elsewhere }) {
      const client = new FetchClient(MAX_EXCHANGES);
      const over = new AbortController();
      const request = asking(elsewhere, "/open/never");
      const waiting = Array.from({ length: MAX_EXCHANGES }, () => rejection(client.send(request, over.signal)));
      await failsWith("connection-limit-reached", client.send(request, over.signal));
      over.abort();
      await Promise.all(waiting);
      same("status", (await client.send(asking(elsewhere, "/open/teapot"), new AbortController().signal)).status, 418);
    },
  },
  {
    title: "fetch: a response that nobody wants any more is given up, but not one that is there",
    async play({ elsewhere }) {
      const over = new AbortController();
      const waiting = rejection(sent(asking(elsewhere, "/open/never"), over.signal));
      over.abort(new Error("enough"));
      same("reason", String(await waiting), "Error: enough");
      const late = new AbortController();
      const { body } = await sent(asking(elsewhere, "/open/teapot"), late.signal);
      late.abort();
      same("body", await rest(body), "short and stout");
    },
  },
];

/** Requests by `node:http`, `node:https` and `node:http2`, which keep trailers, order and duplicates. */
import type { Agent, ClientRequest, IncomingMessage } from "node:http";
import type { LookupFunction } from "node:net";
import type { Duplex } from "node:stream";
import type { TLSSocket } from "node:tls";
import { HttpError } from "../../../wasi/http/error-code.ts";
import type { HttpBody, HttpClient, HttpRequest, HttpResponse } from "../../../wasi/http/exchange.ts";
import type { Field } from "../../../wasi/http/fields.ts";
import { splitAuthority } from "../../../wasi/http/message.ts";
import type { ResolveHost } from "../../../wasi/http/resolve.ts";
import { agentFor, type Options } from "./agents.ts";
import { bodyOf, sendBody, sendHeader } from "./body.ts";
import { failed, httpFailure, unwanted } from "./errors.ts";
import { flatOf, incomingFields, textOf } from "./fields.ts";
import { Origins } from "./origins.ts";
import { securedConnection } from "./secure.ts";
import {
  MAX_HEADER_BYTES,
  REPEATABLE,
  expectsContinue,
  isWanted,
  responseParts,
  timer,
  within,
  wrongStatus,
  type Peer,
  type Promised,
  type Settling,
} from "./settling.ts";

/** Connections are kept for the next request, and are this client's alone. */
export class NodeHttpClient implements HttpClient {
  readonly #resolve: ResolveHost;
  readonly #maxExchanges: number;
  readonly #agents = new Map<string, Agent>();
  readonly #origins = new Origins();
  #exchanges = 0;

  /** @param maxExchanges Requests that are under way at a time, each to the end of its response's body. */
  constructor(resolve: ResolveHost, maxExchanges: number) {
    this.#resolve = resolve;
    this.#maxExchanges = maxExchanges;
  }

  async send(request: HttpRequest, signal: AbortSignal): Promise<HttpResponse> {
    if (this.#exchanges >= this.#maxExchanges) {
      request.body?.source.close();
      throw failed("connection-limit-reached", `${this.#maxExchanges} requests are under way (limits.sockets)`);
    }
    this.#exchanges++;
    let isOver = false;
    const over = (): void => {
      if (!isOver) this.#exchanges--;
      isOver = true;
    };
    try {
      return await this.#send(request, signal, over);
    } catch (cause) {
      over();
      // Also where nothing has been sent: whoever writes it hears that nobody reads it.
      request.body?.source.close();
      throw cause;
    }
  }

  /** @param over Called when the connection is free again. */
  async #send(request: HttpRequest, signal: AbortSignal, over: () => void): Promise<HttpResponse> {
    const { host, port } = splitAuthority(request.authority, request.scheme);
    const { connect } = request.timeouts;
    const deadline = Date.now() + connect;
    const timedOut = failed("connection-timeout", `no connection in ${connect} ms`);
    const late = failed("DNS-timeout", `no address of ${host} in ${connect} ms`);
    const addresses = await within(connect, this.#resolve(host, port), late);
    if (signal.aborted) throw unwanted();
    const sent = !request.body || (await isEmpty(request.body)) ? withoutBody(request) : request;
    const found = addresses.map(({ ip, family }) => ({ address: ip, family: family === "ipv6" ? 6 : 4 }));
    const peer = { host, port, lookup: lookupOf(found) };
    const settling = { deadline, timedOut, signal, over };
    if (request.scheme !== "https") return this.#sendOver(sent, peer, settling);
    return this.#origins.send(sent, peer, settling, (socket) => this.#sendOver(sent, peer, settling, socket));
  }

  close(): void {
    for (const agent of this.#agents.values()) agent.destroy();
    this.#origins.close();
  }

  /** By HTTP/1.1. @param socket A connection that is there already. */
  #sendOver(request: HttpRequest, peer: Peer, settling: Settling, socket?: TLSSocket): Promise<HttpResponse> {
    const options = this.#options(request, peer, settling, socket);
    return new Promise((resolve, reject) => {
      new Sending(request, options, { ...settling, resolve, reject }).begin();
    });
  }

  #options(request: HttpRequest, peer: Peer, settling: Settling, socket?: TLSSocket): Options {
    const { scheme, authority, method, path, headers, body } = request;
    const isChunked = body !== undefined && body.length === undefined;
    const flat = ["host", authority, ...flatOf(headers, isChunked)];
    if (isChunked) flat.push("transfer-encoding", "chunked");
    return {
      ...{ ...peer, protocol: `${scheme}:`, method, headers: flat, agent: this.#agent(scheme) },
      // Node sends it in Latin-1.
      path: textOf(Buffer.from(path)),
      setHost: false,
      maxHeaderSize: MAX_HEADER_BYTES,
      ...(socket && { given: socket }),
      connecting: (connect) => securedConnection(peer, settling, connect),
    };
  }

  #agent(scheme: string): Agent {
    let agent = this.#agents.get(scheme);
    if (!agent) {
      agent = agentFor(scheme);
      this.#agents.set(scheme, agent);
    }
    return agent;
  }
}

/** What was looked up and permitted, and nothing that is looked up anew. */
function lookupOf(found: readonly { readonly address: string; readonly family: number }[]): LookupFunction {
  return (_name, options, done) => {
    const [first] = found;
    if (options.all === true) done(null, [...found]);
    else done(null, first?.address ?? "", first?.family ?? 4);
  };
}

/** One request, from when it is made until its response has begun. */
class Sending {
  readonly #request: HttpRequest;
  readonly #options: Options;
  readonly #settling: Settling & Promised;
  #timer: NodeJS.Timeout | undefined;
  #node: ClientRequest | undefined;
  #response: IncomingMessage | undefined;
  #isRepeated = false;
  /** The body is not wanted, and was announced. */
  #isUnsent = false;
  readonly #onAbort = (): void => void this.#node?.destroy(unwanted());

  constructor(request: HttpRequest, options: Options, settling: Settling & Promised) {
    this.#request = request;
    this.#options = options;
    this.#settling = settling;
    settling.signal.addEventListener("abort", this.#onAbort, { once: true });
  }

  begin(): void {
    const { body, timeouts } = this.#request;
    const node = this.#make();
    if (!node) return;
    this.#node = node;
    // What a response's header may take is bytes; Node drops fields past a number of them, and says nothing.
    node.maxHeadersCount = 0;
    node.once("close", () => {
      if (node === this.#node) this.#settling.over();
    });
    node.on("error", (cause) => this.#failed(cause));
    node.on("response", (response) => this.#answered(response));
    const changed = (_: IncomingMessage, socket: Duplex): void => {
      socket.destroy();
      body?.source.close();
      this.#reject(failed("HTTP-upgrade-failed", "the other side changed the protocol"));
    };
    node.on("upgrade", changed);
    node.on("connect", changed);
    node.on("socket", (socket) => {
      const connected = (): void =>
        this.#wait(timeouts.firstByte, failed("connection-read-timeout", `no response in ${timeouts.firstByte} ms`));
      if (!socket.connecting) connected();
      else {
        this.#wait(Math.max(0, this.#settling.deadline - Date.now()), this.#settling.timedOut);
        socket.once("connect", connected);
      }
    });
    if (body) {
      const isExpecting = expectsContinue(this.#request);
      // Whoever waits for the response before it sends anything would wait for ever.
      if (isExpecting || !body.source.ready()) sendHeader(node);
      void (isExpecting ? this.#sendIfWanted(body, node) : sendBody(body, node));
    } else node.end();
  }

  async #sendIfWanted(body: HttpBody, node: ClientRequest): Promise<void> {
    // What Node gives is one of its own.
    if (await isWanted(node, (response) => (response as IncomingMessage).statusCode ?? 0)) {
      await sendBody(body, node);
      return;
    }
    body.source.close();
    // The other side still waits for it: the connection is good for nothing else.
    this.#isUnsent = true;
  }

  /** Nothing if Node does not take it: told to who waits. */
  #make(): ClientRequest | undefined {
    const module = this.#request.scheme === "https" ? "node:https" : "node:http";
    try {
      return process.getBuiltinModule(module).request(this.#options);
    } catch (cause) {
      this.#request.body?.source.close();
      this.#reject(httpFailure(cause));
      return undefined;
    }
  }

  #wait(ms: number, error: HttpError): void {
    clearTimeout(this.#timer);
    this.#timer = timer(ms, () => this.#node?.destroy(error));
  }

  #failed(cause: Error): void {
    const { body, method } = this.#request;
    // A connection that was kept, and that the other side closed meanwhile.
    const isStale = this.#node?.reusedSocket === true && !(cause instanceof HttpError) && !body && !this.#response;
    if (isStale && REPEATABLE.has(method) && !this.#isRepeated && !this.#settling.signal.aborted) {
      this.#isRepeated = true;
      clearTimeout(this.#timer);
      this.begin();
      return;
    }
    body?.source.close();
    if (!this.#response) this.#reject(httpFailure(cause));
    // Node takes a body for whole that ends with its connection, also if that was reset.
    else if (!this.#response.complete) this.#response.destroy(cause);
  }

  #reject(error: HttpError): void {
    this.#end();
    this.#settling.reject(error);
  }

  #end(): void {
    clearTimeout(this.#timer);
    this.#settling.signal.removeEventListener("abort", this.#onAbort);
  }

  #answered(response: IncomingMessage): void {
    this.#response = response;
    this.#end();
    const { rawHeaders, statusCode = 0 } = response;
    const { fields, coding } = incomingFields(rawHeaders);
    const wrong = coding === undefined ? wrongStatus(statusCode) : wrongCoding(coding);
    if (wrong) {
      response.on("error", () => {});
      response.destroy();
      this.#settling.reject(wrong);
      return;
    }
    response.once("close", () => {
      if (this.#isUnsent) this.#node?.destroy();
    });
    const { betweenBytes } = this.#request.timeouts;
    const body = bodyOf(
      response,
      response,
      responseParts(betweenBytes, (error) => void response.destroy(error)),
    );
    this.#settling.resolve({ status: statusCode, headers: fields, body });
  }
}

function wrongCoding(coding: string): HttpError {
  return new HttpError({ tag: "HTTP-response-transfer-coding", val: coding }, `the transfer coding ${coding}`);
}

/** Whether a body is known to have no bytes, and nothing after them, before it is sent. */
async function isEmpty(body: HttpBody): Promise<boolean> {
  return body.length === undefined && body.source.read(0) === null && (await body.trailers()) === undefined;
}

/** Requests that have no body, as a rule: of others Node would make one. */
const BARE: ReadonlySet<string> = new Set(["GET", "HEAD", "DELETE", "OPTIONS", "TRACE", "CONNECT"]);

/** Many guests open the body of each request: what has none by its method is sent without, and others with a length. */
function withoutBody(request: HttpRequest): HttpRequest {
  const { method, headers } = request;
  const zero: Field = ["content-length", Uint8Array.of(0x30)];
  const isSaid = BARE.has(method) || headers.some(([name]) => name === "content-length");
  return { ...request, headers: isSaid ? headers : [...headers, zero], body: undefined };
}

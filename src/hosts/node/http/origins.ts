/** Servers by TLS: which of them speak HTTP/2, by what they agree to, and the connection of each that does. */
import type { ClientHttp2Session } from "node:http2";
import type { TLSSocket } from "node:tls";
import type { HttpRequest, HttpResponse } from "../../../wasi/http/exchange.ts";
import { failed, httpFailure, unwanted } from "./errors.ts";
import { WINDOW_BYTES } from "./h2.ts";
import { securedConnection } from "./secure.ts";
import { MAX_HEADER_BYTES, timer, type Peer, type Settling } from "./settling.ts";
import { NotProcessed, sendOverStream } from "./stream-sending.ts";

/** The least that a field takes of a header, as nghttp2 counts. */
const FIELD_BYTES = 32;

/** What is known of one. */
interface Origin {
  /** Its connection, while that takes requests. */
  session: ClientHttp2Session | undefined;
  /** It speaks HTTP/1.1 alone. */
  isHttp1: boolean;
  /** Somebody is finding out: resolves in any case. */
  finding: Promise<void> | undefined;
}

/** Of one client: connections are its own. */
export class Origins {
  readonly #origins = new Map<string, Origin>();
  readonly #sessions = new Set<ClientHttp2Session>();

  /** @param byHttp1 Sends it by HTTP/1.1, over a connection that is there if there is one. */
  async send(
    request: HttpRequest,
    peer: Peer,
    settling: Settling,
    byHttp1: (socket?: TLSSocket) => Promise<HttpResponse>,
  ): Promise<HttpResponse> {
    const origin = this.#of(peer);
    for (let isFirst = true; ; isFirst = false) {
      // oxlint-disable no-await-in-loop -- one after the other
      const socket = await this.#found(origin, peer, settling, request.timeouts.firstByte);
      if (settling.signal.aborted) {
        socket?.destroy();
        throw unwanted();
      }
      if (!origin.session) return byHttp1(socket);
      try {
        return await sendOverStream(origin.session, request, settling);
      } catch (error) {
        if (!(error instanceof NotProcessed)) throw error;
        if (!isFirst || settling.signal.aborted) throw error.reason;
        if (error.wantsHttp1) origin.isHttp1 = true;
        origin.session = undefined;
      }
      // oxlint-enable no-await-in-loop
    }
  }

  close(): void {
    for (const session of this.#sessions) session.destroy();
  }

  #of({ host, port }: Peer): Origin {
    const key = `${host} ${port}`;
    let origin = this.#origins.get(key);
    if (!origin) {
      origin = { session: undefined, isHttp1: false, finding: undefined };
      this.#origins.set(key, origin);
    }
    return origin;
  }

  /** When this resolves it is known what the server speaks. @returns The connection that told, if it is for HTTP/1.1. */
  async #found(origin: Origin, peer: Peer, settling: Settling, ms: number): Promise<TLSSocket | undefined> {
    // oxlint-disable no-await-in-loop -- until somebody has found out
    while (!origin.session && !origin.isHttp1) {
      if (origin.finding) {
        await until(origin.finding, settling);
        continue;
      }
      const connecting = agreed(peer, settling, ms);
      const finding = connecting.then(
        () => {},
        () => {},
      );
      origin.finding = finding;
      try {
        const socket = await connecting;
        if (socket.alpnProtocol === "h2") this.#begin(origin, peer, socket);
        else {
          origin.isHttp1 = true;
          return socket;
        }
      } finally {
        origin.finding = undefined;
      }
    }
    // oxlint-enable no-await-in-loop
    return undefined;
  }

  #begin(origin: Origin, { host, port }: Peer, socket: TLSSocket): void {
    const name = host.includes(":") ? `[${host}]` : host;
    const session = process.getBuiltinModule("node:http2").connect(`https://${name}:${port}`, {
      createConnection: () => socket,
      // Beyond that Node says nothing but that the stream is over; a header that is too large for us we want to name.
      settings: { enablePush: false, initialWindowSize: WINDOW_BYTES, maxHeaderListSize: 4 * MAX_HEADER_BYTES },
      maxHeaderListPairs: (4 * MAX_HEADER_BYTES) / FIELD_BYTES,
      maxSendHeaderBlockLength: MAX_HEADER_BYTES,
      // Until the server has said how many it takes. Whatever is more it would refuse.
      peerMaxConcurrentStreams: 1,
      // The types do not have it on this side.
      ...{ strictSingleValueFields: false },
    });
    const left = (): void => {
      if (origin.session === session) origin.session = undefined;
    };
    origin.session = session;
    this.#sessions.add(session);
    // It takes no more requests; those that it has may still be answered.
    session.on("goaway", left);
    // Its streams hear of it.
    session.on("error", left);
    session.on("close", () => {
      left();
      this.#sessions.delete(session);
    });
    session.unref();
  }
}

/** A connection on which TLS has agreed on what is spoken. @param ms In which it does, once there is one. */
async function agreed(peer: Peer, settling: Settling, ms: number): Promise<TLSSocket> {
  const [{ isIP }, { connect }] = [process.getBuiltinModule("node:net"), process.getBuiltinModule("node:tls")];
  const { host, port, lookup } = peer;
  const options = {
    ...{ host, port, lookup },
    servername: isIP(host) === 0 ? host : "",
    ALPNProtocols: ["h2", "http/1.1"],
  };
  const socket = await securedConnection(peer, settling, (carrier) =>
    connect({ ...options, ...(carrier && { socket: carrier }) }),
  );
  socket.setNoDelay();
  return new Promise((resolve, reject) => {
    const { signal } = settling;
    const late = timer(ms, () => socket.destroy(failed("connection-read-timeout", `no agreement on TLS in ${ms} ms`)));
    const onAbort = (): void => void socket.destroy(unwanted());
    const onError = (cause: unknown): void => {
      done();
      reject(httpFailure(cause));
    };
    const onClose = (): void => onError(Object.assign(new Error("The connection was closed"), { code: "ECONNRESET" }));
    const done = (): void => {
      clearTimeout(late);
      signal.removeEventListener("abort", onAbort);
      socket.off("close", onClose);
    };
    socket.on("error", onError);
    socket.once("close", onClose);
    signal.addEventListener("abort", onAbort, { once: true });
    socket.once("secureConnect", () => {
      done();
      socket.off("error", onError);
      resolve(socket);
    });
  });
}

/** Somebody else finds out: not longer than this request has time. */
function until(finding: Promise<void>, { deadline, timedOut, signal }: Settling): Promise<void> {
  return new Promise((resolve, reject) => {
    const late = timer(Math.max(0, deadline - Date.now()), () => end(() => reject(timedOut)));
    const onAbort = (): void => end(() => reject(unwanted()));
    const end = (settle: () => void): void => {
      clearTimeout(late);
      signal.removeEventListener("abort", onAbort);
      settle();
    };
    signal.addEventListener("abort", onAbort, { once: true });
    void finding.then(() => end(resolve));
  });
}

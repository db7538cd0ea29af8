/** A server of HTTP/1.1 and HTTP/2 on one port, with TLS or without. */
import type { Server } from "node:http";
import type { Http2Stream, ServerHttp2Session } from "node:http2";
import type { Socket } from "node:net";
import { Roster, type Listed } from "../../../io/roster.ts";
import { exchange, type Answer, type Begun, type Failed, type Wire } from "./exchange.ts";
import { isAnswering, refuseBroken, refuseTunnel, whenAnswered } from "./in-line.ts";
import { nodeListener } from "./listener.ts";
import { WINDOW_BYTES } from "./h2.ts";
import { STALL_MS, timer } from "./settling.ts";
import { StreamWire } from "./stream-wire.ts";
import { turnstile } from "./turnstile.ts";

/** What a connection of HTTP/2 begins with, if it is not agreed on by TLS. */
const PREFACE = Buffer.from("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");
/** Bun's `node:http2` ends connections that it is handed. */
const HAS_HTTP2 = process.versions["bun"] === undefined;
/** As other servers have it. */
const MAX_STREAMS = 200;
/** Requests that a connection may bring in a turn of the event loop: those under way, and as many as Node lets be reset at once. */
const MAX_AT_ONCE = MAX_STREAMS + 1000;
/** How often it is looked for headers that are late. */
const CHECK_MS = 15_000;
/** How long a connection of HTTP/2 is kept that nobody uses. */
const IDLE_MS = 60_000;

/** A certificate and its key, in PEM. */
export interface TlsFiles {
  readonly cert: Uint8Array;
  readonly key: Uint8Array;
}

/** A server that answers, once somebody has it listen. */
export interface HttpServer {
  readonly server: Server;
  /** Takes nothing more, and lets go of connections as soon as what they have asked for is answered. Resolves when none is left. */
  readonly close: () => Promise<void>;
  /** Lets go of connections of whom nothing is being answered. */
  readonly closeIdle: () => void;
}

/**
 * @param tls Missing: without.
 * @param stallMs See `nodeListener`; and milliseconds in which the header of a request is to come.
 * @param begun Missing: nobody wants to know.
 * @param maxConnections At a time. Missing: as many as come.
 */
export function httpServer(
  answer: Answer,
  failed: Failed,
  tls?: TlsFiles,
  stallMs: number = STALL_MS,
  begun?: Begun,
  maxConnections?: number,
): HttpServer {
  let isClosing = false;
  let isCrowded = (): boolean => false;
  const listener = nodeListener(answer, failed, stallMs, begun, {
    isEnding: () => isClosing || isCrowded(),
    isOurs: true,
  });
  const options = {
    requireHostHeader: false,
    noDelay: true,
    // Nobody listens for the end of a body that is none: that takes a twentieth of what Node does for a request.
    optimizeEmptyRequests: true,
    headersTimeout: stallMs,
    // A body that flows may take as long as it takes.
    requestTimeout: 0,
    connectionsCheckingInterval: Math.min(stallMs, CHECK_MS),
  };
  const server = tls
    ? process.getBuiltinModule("node:https").createServer(
        {
          ...options,
          ...pemOf(tls),
          handshakeTimeout: stallMs,
          ALPNProtocols: HAS_HTTP2 ? ["h2", "http/1.1"] : ["http/1.1"],
        },
        listener,
      )
    : process.getBuiltinModule("node:http").createServer(options, listener);
  // Whoever waits for 100 before they send a body gets it when the guest wants that.
  server.on("checkContinue", listener);
  server.on("connect", refuseTunnel);
  server.on("clientError", refuseBroken);
  /** Whether it has been used, and is not now. */
  const sessions = new Map<ServerHttp2Session, () => boolean>();
  /** Those of which it is not known yet what they speak, by who is at their other end. A new one whenever none is left: see `Roster`. */
  let silent = new Map<string, Socket>();
  const notSilent = (peer: string): void => {
    silent.delete(peer);
    if (silent.size === 0) silent = new Map();
  };
  /** Those that speak HTTP/1.1. */
  const plain = new Roster<Connection>();
  let toHttp2: ((socket: Socket) => void) | undefined;
  const play = (wire: Wire): void => exchange(answer, failed, wire, begun);
  const http2 = (socket: Socket): void => {
    toHttp2 ??= http2Server(
      play,
      stallMs,
      (session, isIdle) => {
        sessions.set(session, isIdle);
        session.once("close", () => sessions.delete(session));
        if (isClosing) session.close();
      },
      () => isCrowded(),
    );
    toHttp2(socket);
  };
  const event = tls ? "secureConnection" : "connection";
  const toHttp1 = server.listeners(event);
  server.removeAllListeners(event);
  server.on(event, (socket: Socket) => {
    const http1 = (): void => {
      const connection: Connection = { socket, place: -1 };
      plain.add(connection);
      socket.once("close", () => plain.delete(connection));
      for (const one of toHttp1) one.call(server, socket);
    };
    const speaks = (isHttp2: boolean): void => {
      notSilent(peerOf(socket));
      (isHttp2 && HAS_HTTP2 ? http2 : http1)(socket);
    };
    if ("alpnProtocol" in socket) speaks(socket.alpnProtocol === "h2");
    else sniff(socket, stallMs, speaks);
  });
  server.closeIdleConnections = sparing(server, plain, () => isClosing || isCrowded());
  if (maxConnections !== undefined) {
    isCrowded = turnstile(server, maxConnections, () => {
      server.closeIdleConnections();
      for (const [session, isIdle] of sessions) if (isIdle()) session.close();
    });
  }
  // With TLS before they have shaken hands.
  server.prependListener("connection", (socket: Socket) => {
    const peer = peerOf(socket);
    silent.set(peer, socket);
    socket.once("close", () => {
      if (silent.get(peer) === socket) notSilent(peer);
    });
  });
  return {
    server,
    closeIdle: () => server.closeIdleConnections(),
    close() {
      isClosing = true;
      const closed = new Promise<void>((resolve) => void server.close(() => resolve()));
      server.closeIdleConnections();
      for (const session of sessions.keys()) session.close();
      for (const socket of silent.values()) socket.destroy();
      const stop = lettingGo(plain, stallMs);
      return closed.finally(stop);
    },
  };
}

interface Connection extends Listed {
  readonly socket: Socket;
}

function socketsOf(connections: Roster<Connection>): Socket[] {
  return connections.members.map(({ socket }) => socket);
}

/** For Node a response that is ended is sent: its own way, which it takes of itself when it is closed, cuts those under way. */
function sparing(server: Server, connections: Roster<Connection>, isWanted: () => boolean): () => void {
  const closeIdle = server.closeIdleConnections.bind(server);
  /** Those that may be let go of when they are answered. */
  const spared = new Set<Socket>();
  const spare = (): void => {
    const answering = socketsOf(connections).filter(isAnswering);
    for (const socket of answering) socket.destroy = () => socket;
    closeIdle();
    for (const socket of answering) {
      Reflect.deleteProperty(socket, "destroy");
      if (spared.has(socket)) continue;
      spared.add(socket);
      whenAnswered(socket, () => {
        spared.delete(socket);
        if (isWanted()) spare();
      });
    }
  };
  return spare;
}

/** A server that is closed looks for late headers no more. @returns What stops this. */
function lettingGo(connections: Roster<Connection>, stallMs: number): () => void {
  const waiting = (): Set<Socket> => new Set(socketsOf(connections).filter((socket) => !isAnswering(socket)));
  let before = waiting();
  const look = (): void => {
    const now = waiting();
    for (const socket of now) if (before.has(socket)) socket.destroy();
    before = now;
    next = timer(stallMs, look);
  };
  let next = timer(stallMs, look);
  return () => clearTimeout(next);
}

/** Of a connection, and of TLS over it. */
function peerOf({ remoteAddress, remotePort }: Socket): string {
  return `${remoteAddress} ${remotePort}`;
}

/** Hands a connection over as soon as its first bytes say what it speaks: they are still to be read then. */
function sniff(socket: Socket, timeoutMs: number, speaks: (isHttp2: boolean) => void): void {
  let bytes: Buffer = Buffer.alloc(0);
  const onData = (chunk: Buffer): void => {
    bytes = bytes.length === 0 ? chunk : Buffer.concat([bytes, chunk]);
    const isBegun = bytes.subarray(0, PREFACE.length).equals(PREFACE.subarray(0, bytes.length));
    if (isBegun && bytes.length < PREFACE.length) return;
    done();
    socket.pause();
    socket.unshift(bytes);
    speaks(isBegun);
    // HTTP/2 reads by itself.
    if (!isBegun) socket.resume();
  };
  const end = (): void => void socket.destroy();
  const done = (): void => {
    socket.setTimeout(0);
    socket.off("data", onData);
    socket.off("timeout", end);
    socket.off("end", end);
    socket.off("error", end);
  };
  socket.on("data", onData);
  // Of the server itself, as long as nothing else listens.
  socket.on("error", end);
  socket.on("end", end);
  socket.setTimeout(timeoutMs, end);
}

function http2Server(
  play: (wire: Wire) => void,
  stallMs: number,
  opened: (session: ServerHttp2Session, isIdle: () => boolean) => void,
  isCrowded: () => boolean,
): (socket: Socket) => void {
  let opening: Socket | undefined;
  const h2 = process.getBuiltinModule("node:http2").createServer({
    settings: { maxConcurrentStreams: MAX_STREAMS, initialWindowSize: WINDOW_BYTES },
    strictSingleValueFields: false,
  });
  h2.on("session", (session) => {
    const socket = opening;
    const streams = new Set<Http2Stream>();
    const idleMs = Math.min(IDLE_MS, stallMs);
    // Whatever else comes is no use of it: pings, or a header that never ends.
    const letGo = (): void => {
      // Whoever does not end their side then keeps the connection.
      if (session.closed) socket?.destroy();
      else {
        session.close();
        idle = timer(idleMs, letGo);
      }
    };
    let idle = timer(idleMs, letGo);
    let isUsed = false;
    let atOnce = 0;
    session.on("stream", (stream) => {
      if (atOnce++ === 0) setImmediate(() => void (atOnce = 0));
      // Node ends a flood of resets once it has read all that is there: by TLS that may take a second.
      if (atOnce > MAX_AT_ONCE) session.destroy();
      clearTimeout(idle);
      isUsed = true;
      streams.add(stream);
      stream.once("close", () => {
        streams.delete(stream);
        if (streams.size > 0 || socket?.destroyed !== false) return;
        if (isCrowded()) session.close();
        idle = timer(idleMs, letGo);
      });
    });
    session.once("close", () => clearTimeout(idle));
    // What is wrong with a connection ends it, and is nobody's else concern.
    session.on("error", () => {});
    // Who ends their side can open no window any more, nor end a request: to other servers too they have left.
    session.socket.once("end", () => session.destroy());
    session.setTimeout(idleMs, () => {
      // Not even a reset is taken, or the end of the connection.
      if ([...streams].every(({ closed }) => closed)) session.destroy();
    });
    opened(session, () => isUsed && streams.size === 0);
  });
  h2.on("stream", (stream, _, __, rawHeaders: readonly string[]) => {
    play(new StreamWire(stream, rawHeaders, stallMs));
  });
  return (socket) => {
    opening = socket;
    h2.emit("connection", socket);
  };
}

function pemOf({ cert, key }: TlsFiles): { readonly cert: Buffer; readonly key: Buffer } {
  return { cert: Buffer.from(cert), key: Buffer.from(key) };
}

/** Requests of HTTP/1.1 that wait on one connection for their turn, and what comes behind them and is none. */
import type { IncomingMessage, ServerResponse } from "node:http";
import type { Duplex } from "node:stream";
import { Note } from "../../../io/note.ts";
import { resetUnframed } from "./body.ts";

/** To what was read last on a connection: who sends several requests at once waits for the responses to all. */
const last = new Note<Duplex, ServerResponse>();
/** What is to be sent before a response, as long as it is not. */
const before = new Note<ServerResponse, ServerResponse>();
/** Connections on which something came that is no request: of that one is told again and again. */
const broken = new Note<Duplex, boolean>();

/** A request has been read. */
export function comes({ socket }: IncomingMessage, response: ServerResponse): void {
  const ahead = last.get(socket);
  last.set(socket, response);
  if (ahead && !isSent(ahead)) {
    before.set(response, ahead);
    ahead.once("close", () => {
      before.delete(response);
      if (!ahead.writableFinished) process.nextTick(abandon, response);
    });
  }
}

/** Its connection has ended before it was its turn. Node before 26 would keep it for ever, and say so to nobody. */
function abandon(response: ServerResponse): void {
  if (response.destroyed) return;
  response.destroy();
  response.emit("close");
}

/** Whether it is what was read last on its connection. */
export function isLast({ socket }: IncomingMessage, response: ServerResponse): boolean {
  return last.get(socket) === response;
}

/** Whether something is to be sent there still that was asked for. */
export function isAnswering(socket: Duplex): boolean {
  const response = last.get(socket);
  return response !== undefined && !isSent(response);
}

/** Calls back when all is sent there that was asked for by now. */
export function whenAnswered(socket: Duplex, act: () => void): void {
  after(last.get(socket), act);
}

function isSent({ writableFinished, destroyed }: ServerResponse): boolean {
  return writableFinished || destroyed;
}

/**
 * Refuses what is no request as soon as all is answered that came before: as a listener of `clientError`. Node alone does so at
 * once, and what is before it is lost.
 */
export function refuseBroken(error: Error & { readonly code?: string }, socket: Duplex): void {
  const { code = "" } = error;
  const status = STATUS[code] ?? (code.startsWith("HPE_") ? "400 Bad Request" : undefined);
  // Else nobody can be told: the connection is broken, or its TLS.
  if (status === undefined) {
    socket.destroy(error);
    return;
  }
  if (broken.get(socket) === true) return;
  broken.set(socket, true);
  const response = last.get(socket);
  // What is broken may be the body of a request, which is answered by that then.
  const [within, ahead] = response?.req.complete === false ? [response, before.get(response)] : [undefined, response];
  after(ahead, () => {
    if (within?.headersSent === true) {
      resetUnframed(within);
      socket.destroy(error);
    } else refuse(socket, status);
  });
}

/** Refuses to make a tunnel, when all is answered that came before: as a listener of `connect`. Node would say nothing. */
export function refuseTunnel(_: unknown, socket: Duplex): void {
  // A client that leaves is no error of ours.
  socket.on("error", () => {});
  whenAnswered(socket, () => refuse(socket, "501 Not Implemented"));
}

function after(ahead: ServerResponse | undefined, act: () => void): void {
  if (ahead && !isSent(ahead)) ahead.once("close", act);
  else act();
}

function refuse(socket: Duplex, status: string): void {
  if (!socket.writable) socket.destroy();
  else socket.end(`HTTP/1.1 ${status}\r\nconnection: close\r\ncontent-length: 0\r\n\r\n`, () => socket.destroy());
}

/** As Node has it. */
const STATUS: Readonly<Record<string, string>> = {
  HPE_HEADER_OVERFLOW: "431 Request Header Fields Too Large",
  HPE_CHUNK_EXTENSIONS_OVERFLOW: "413 Payload Too Large",
  ERR_HTTP_REQUEST_TIMEOUT: "408 Request Timeout",
};

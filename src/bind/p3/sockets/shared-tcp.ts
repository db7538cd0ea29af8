import { Kind, type Entry, type Resources } from "../../../abi/resources.ts";
import { SocketError } from "../../../wasi/sockets/error-code.ts";
import type { TcpSocket } from "../../../wasi/sockets/tcp-socket.ts";
import type { TcpStreams } from "../../../wasi/sockets/tcp-streams.ts";

const HELD: Kind<SharedTcpSocket> = new Kind("tcp-socket-stream");

/** Lets go of what was held, if that has not been done. */
export function letGo(entry: Entry): void {
  if (entry.isLive) entry.drop();
}

/** A socket as its handle and its streams share it: it is let go of when the last of them has been. */
export class SharedTcpSocket {
  readonly socket: TcpSocket;
  #holders = 0;
  #isSending = false;
  #isReceiving = false;

  constructor(socket: TcpSocket) {
    this.socket = socket;
  }

  /**
   * One more has it. What holds it is a resource of the instance, and so lets go of it when that is over, also where two
   * sockets have a stream between them and the guest has nothing of it.
   *
   * @throws {Trap} If there are too many.
   */
  hold(resources: Resources, kind: Kind<SharedTcpSocket> = HELD): Entry {
    this.#holders++;
    return resources.add(kind, this, () => {
      if (--this.#holders === 0) void this.socket.drop();
    });
  }

  /** What is to be sent goes there; once. @throws {SocketError} */
  takeSending(): TcpStreams {
    const streams = this.socket.streams();
    if (this.#isSending) throw new SocketError("invalid-state", "send was called before");
    this.#isSending = true;
    return streams;
  }

  /** What is received comes from there; once. @throws {SocketError} */
  takeReceiving(): TcpStreams {
    const streams = this.socket.streams();
    if (this.#isReceiving) throw new SocketError("invalid-state", "receive was called before");
    this.#isReceiving = true;
    return streams;
  }

  toString(): string {
    return this.socket.toString();
  }
}

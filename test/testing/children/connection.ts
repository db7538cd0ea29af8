/** Two ends of a connection of preview2-shim, by the functions that glue for components calls. */
import {
  classInputSubject,
  classOutputSubject,
  type ClassInputStream,
  type ClassOutputStream,
  type ConnectionEnd,
  type ConnectionFixture,
} from "../../../src/testing/index.ts";
import { loopTurn } from "../../wasi/sockets/loop-turn.ts";

interface Disposable {
  [Symbol.dispose]?(): void;
}

type Streams = readonly [ClassInputStream & Disposable, ClassOutputStream<unknown> & Disposable];

interface TcpSocket extends Disposable {
  shutdown(direction: "receive" | "send" | "both"): void;
}

function end(socket: TcpSocket, [input, output]: Streams): ConnectionEnd {
  return {
    input: classInputSubject(input),
    output: classOutputSubject(output),
    shutdown: (direction) => socket.shutdown(direction),
    drop() {
      for (const each of [input, output, socket]) each[Symbol.dispose]?.();
    },
  };
}

function waitFor(pollable: { block(): void } & Disposable): void {
  pollable.block();
  pollable[Symbol.dispose]?.();
}

export async function shimConnection(): Promise<ConnectionFixture> {
  const { instanceNetwork, tcpCreateSocket } = await import("@bytecodealliance/preview2-shim/sockets");
  const network = instanceNetwork.instanceNetwork();
  const listener = tcpCreateSocket.createTcpSocket("ipv4");
  listener.startBind(network, { tag: "ipv4", val: { address: [127, 0, 0, 1], port: 0 } });
  listener.finishBind();
  listener.startListen();
  listener.finishListen();
  const socket = tcpCreateSocket.createTcpSocket("ipv4");
  socket.startConnect(network, listener.localAddress());
  waitFor(socket.subscribe());
  const near = socket.finishConnect();
  waitFor(listener.subscribe());
  const [accepted, ...far] = listener.accept();
  return { near: end(socket, near), far: end(accepted, far), turn: loopTurn, holdsThread: true };
}

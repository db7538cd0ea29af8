/* oxlint-disable no-await-in-loop -- turns are taken one after the other */
/** Networks on which a TCP socket is put against its model: one that does what it is told, and any other. */
import { FakeClock } from "../../../src/testing/index.ts";
import { MemoryNetwork } from "../../../src/wasi/sockets/memory-network.ts";
import type { SocketAddress } from "../../../src/wasi/sockets/address.ts";
import type { TcpConnection, TcpHandle, TcpPort } from "../../../src/wasi/sockets/tcp-port.ts";
import type { TcpSocket } from "../../../src/wasi/sockets/tcp-socket.ts";
import { loopTurn } from "./loop-turn.ts";
import { LOCAL, OTHER, PEER } from "./support.ts";
import { failureOf, FakeConnection, FakeTcp } from "./tcp-support.ts";

export interface Ground {
  readonly port: TcpPort;
  /** What can be bound. */
  readonly local: SocketAddress;
  /** What somebody has. */
  readonly taken: SocketAddress;
  /** Where somebody listens. */
  readonly peer: SocketAddress;
  /** Where nobody does. */
  readonly refused: SocketAddress;
  /** Lets an attempt to connect come to its end. */
  settle(socket: TcpSocket): Promise<void>;
  /** Somebody connects to a socket that listens. */
  arrive(socket: TcpSocket): Promise<void>;
  close(): void;
}

const TAKEN: SocketAddress = { family: "ipv4", ip: "127.0.0.1", port: 4000 };

export function fakeGround(): Ground {
  const port = new FakeTcp();
  port.onBind = ({ port: number }) => {
    if (number === TAKEN.port) throw failureOf("EADDRINUSE");
  };
  return {
    ...{ port, local: LOCAL, taken: TAKEN, peer: PEER, refused: OTHER },
    async settle() {
      if (port.remote === PEER) port.settle?.resolve(new FakeConnection());
      else port.settle?.reject(failureOf("ECONNREFUSED"));
    },
    arrive: async () => port.events?.arrived(new FakeConnection()),
    close() {},
  };
}

/** A network in memory, where nothing happens before it is let. */
export function memoryGround(): Promise<Ground> {
  const clock = new FakeClock();
  const { tcp } = new MemoryNetwork({ clock, latencyNs: 1000n });
  return groundOn(tcp, async () => {
    clock.advance(1000n);
    await loopTurn();
  });
}

export async function groundOn(port: TcpPort, turn: () => Promise<void>): Promise<Ground> {
  const connections: TcpConnection[] = [];
  const keep = (connection: TcpConnection): void => void connections.push(connection);
  const listening = await listen(port, keep);
  const gone = await listen(port, keep);
  const [peer, refused] = [listening.local(), gone.local()];
  gone.close();
  let arrived = 0;
  const counting: TcpPort = {
    defaults: () => port.defaults(),
    open(family) {
      const handle = port.open(family);
      return {
        bind: (address) => handle.bind(address),
        local: () => handle.local(),
        connect: (remote, options) => handle.connect(remote, options),
        listen: (backlog, events) =>
          handle.listen(backlog, {
            arrived(connection) {
              arrived++;
              keep(connection);
              events.arrived(connection);
            },
            failed: (cause) => events.failed(cause),
          }),
        close: () => handle.close(),
      };
    },
  };
  return {
    ...{ port: counting, local: { ...peer, port: 0 }, taken: peer, peer, refused },
    async settle(socket) {
      while (!socket.ready()) await turn();
    },
    async arrive(socket) {
      const before = arrived;
      let connected = false;
      void port
        .open("ipv4")
        .connect(socket.localAddress(), port.defaults())
        .then((connection) => {
          keep(connection);
          connected = true;
        });
      const isThere = (): boolean => connected && arrived > before;
      while (!isThere()) await turn();
    },
    close() {
      listening.close();
      for (const connection of connections) connection.reset();
    },
  };
}

async function listen(port: TcpPort, arrived: (connection: TcpConnection) => void): Promise<TcpHandle> {
  const handle = port.open("ipv4");
  await handle.bind({ family: "ipv4", ip: "127.0.0.1", port: 0 });
  await handle.listen(128, { arrived, failed: () => {} });
  return handle;
}

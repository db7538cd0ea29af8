/** A wire between clients and a server of NATS, on the loopback, that does to each message what a test says. */
import { once } from "node:events";
import { connect, createServer, type AddressInfo, type Server, type Socket } from "node:net";
import { setImmediate as turn } from "node:timers/promises";

/** A message of the protocol, on its way. */
export interface Passing {
  readonly from: "client" | "server";
  /** As the protocol has it, such as `HPUB` or `PING`. */
  readonly verb: string;
  /** Of a message; empty of anything else. */
  readonly subject: string;
  /** All of it, as it was sent. */
  readonly bytes: Buffer;
  /** Of which connection, from 1 on. */
  readonly connection: number;
}

/**
 * What becomes of it: it arrives, in pieces of a byte if the wire is thin; it is lost; half of it arrives, and the connection is
 * cut; or the wire stands still from there on, in both directions, and nobody is told.
 */
export type Fate = "pass" | "thin" | "lose" | "cut" | "still";

export class Wire {
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  readonly #toPort: number;
  readonly #fate: (passing: Passing) => Fate | Promise<Fate>;
  /** That clients have made. */
  connections = 0;

  /** @param fate Asked for each message, in order in each direction; what comes after it waits for the answer. */
  constructor(toPort: number, fate: (passing: Passing) => Fate | Promise<Fate>) {
    this.#toPort = toPort;
    this.#fate = fate;
    this.#server = createServer((client) => this.#join(client));
  }

  /** @returns The URL for clients. */
  async open(): Promise<string> {
    this.#server.listen(0, "127.0.0.1");
    await once(this.#server, "listening");
    // Of a server that listens on a port that is what it has.
    const { port } = this.#server.address() as AddressInfo;
    return `nats://127.0.0.1:${port}`;
  }

  close(): void {
    this.#server.close();
    for (const socket of this.#sockets) socket.destroy();
  }

  #join(client: Socket): void {
    const connection = ++this.connections;
    const server = connect(this.#toPort, "127.0.0.1");
    const line: Line = { isStill: false };
    for (const [from, to, who] of [
      [client, server, "client"],
      [server, client, "server"],
    ] as const) {
      this.#sockets.add(from);
      from.setNoDelay(true);
      // Either end may break it off: that is what the other one is told.
      from.on("error", () => {});
      from.on("close", () => {
        this.#sockets.delete(from);
        if (!line.isStill) to.end();
      });
      void this.#carry(from, to, { from: who, connection }, line).catch(() => to.destroy());
    }
  }

  async #carry(from: Socket, to: Socket, end: Pick<Passing, "from" | "connection">, line: Line): Promise<void> {
    for await (const message of messagesOf(from)) {
      const fate = await this.#fate({ ...end, ...message });
      if (fate === "still") line.isStill = true;
      // Nothing is read any more, and nothing is closed.
      if (line.isStill) await new Promise<never>(() => {});
      if (fate === "pass") await give(to, message.bytes);
      if (fate === "thin") {
        for (const byte of message.bytes) {
          // oxlint-disable-next-line no-await-in-loop -- one after the other
          await give(to, Uint8Array.of(byte));
          // oxlint-disable-next-line no-await-in-loop -- each arrives alone
          await turn();
        }
      }
      if (fate === "cut") {
        await give(to, message.bytes.subarray(0, message.bytes.length / 2));
        to.end();
        from.destroy();
      }
    }
    to.end();
  }
}

/** What both directions of a connection know of it. */
interface Line {
  isStill: boolean;
}

async function give(to: Socket, bytes: Uint8Array): Promise<void> {
  if (!to.write(bytes)) await Promise.race([once(to, "drain"), once(to, "close")]);
}

/** Those with bytes behind their first line; the last number of that says how many. */
const WITH_BYTES: ReadonlySet<string> = new Set(["PUB", "HPUB", "MSG", "HMSG"]);

async function* messagesOf(socket: Socket): AsyncGenerator<Pick<Passing, "verb" | "subject" | "bytes">> {
  let rest: Buffer = Buffer.alloc(0);
  // Nothing of ours sets an encoding.
  for await (const chunk of socket as AsyncIterable<Buffer>) {
    rest = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
    for (;;) {
      const end = rest.indexOf("\r\n");
      if (end < 0) break;
      const [verb = "", subject = "", ...more] = rest.toString("latin1", 0, end).split(" ");
      const hasBytes = WITH_BYTES.has(verb);
      const length = end + 2 + (hasBytes ? Number(more.at(-1)) + 2 : 0);
      if (rest.length < length) break;
      yield { verb, subject: hasBytes ? subject : "", bytes: rest.subarray(0, length) };
      rest = rest.subarray(length);
    }
  }
}

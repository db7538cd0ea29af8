/** Datagrams from one host to another, each with its number: they arrive once, in order, and all if none gets lost. */
import { complete } from "../../src/io/steps.ts";
import type { NetworkPorts } from "../../src/wasi/sockets/network.ts";
import type { IncomingDatagrams } from "../../src/wasi/sockets/udp-incoming.ts";
import type { OutgoingDatagrams } from "../../src/wasi/sockets/udp-outgoing.ts";
import { UdpSocket } from "../../src/wasi/sockets/udp-socket.ts";

const SETTINGS = { datagramBytes: 1 << 20, readBytes: 65_536, permits: "strict" } as const;

export class Datagrams {
  readonly #incoming: IncomingDatagrams;
  readonly #outgoing: OutgoingDatagrams;
  readonly #isLossy: boolean;
  #sent = 0;
  #received = 0;
  #last = -1;

  private constructor(incoming: IncomingDatagrams, outgoing: OutgoingDatagrams, isLossy: boolean) {
    this.#incoming = incoming;
    this.#outgoing = outgoing;
    this.#isLossy = isLossy;
  }

  static async between(one: NetworkPorts, other: NetworkPorts, isLossy: boolean): Promise<Datagrams> {
    const bound = async ({ udp }: NetworkPorts, ip: string): Promise<UdpSocket> => {
      const socket = new UdpSocket(udp, "ipv4", () => true, SETTINGS);
      await complete(socket.startBind({ family: "ipv4", ip, port: 0 }));
      socket.finishBind();
      return socket;
    };
    const [sender, receiver] = [await bound(one, "10.0.0.1"), await bound(other, "10.0.0.2")];
    const [incoming] = await complete(receiver.stream(undefined));
    const [, outgoing] = await complete(sender.stream(receiver.localAddress()));
    return new Datagrams(incoming, outgoing, isLossy);
  }

  play(what: "send" | "receive", count: number): void {
    if (what === "send") this.#send(count);
    else this.#receive(count);
  }

  expectAll(): void {
    if (!this.#isLossy && this.#received !== this.#sent) {
      throw new Error(`${this.#received} of ${this.#sent} datagrams arrived`);
    }
  }

  #send(count: number): void {
    const permit = Math.min(this.#outgoing.checkSend(), count);
    const datagrams = Array.from({ length: permit }, (_, index) => ({
      data: numbered(this.#sent + index),
      to: undefined,
    }));
    const step = this.#outgoing.send(datagrams).next();
    if (step.done !== true || step.value !== permit) throw new Error(`a send of ${permit} did not send all`);
    this.#sent += permit;
  }

  #receive(max: number): void {
    for (const { data } of this.#incoming.receive(max)) {
      const number = new DataView(data.slice().buffer).getUint32(0);
      if (number <= this.#last || number >= this.#sent) throw new Error(`datagram ${number} after ${this.#last}`);
      this.#last = number;
      this.#received++;
    }
  }
}

function numbered(number: number): Uint8Array {
  const data = new Uint8Array(4 + (number % 50));
  new DataView(data.buffer).setUint32(0, number);
  return data;
}

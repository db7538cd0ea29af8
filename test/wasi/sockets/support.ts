/** What the tests of sockets share: a network that does what it is told, and says what it was asked. */
import type { Readiness } from "../../../src/io/readiness.ts";
import type { Steps } from "../../../src/io/steps.ts";
import { StreamError, WitError } from "../../../src/io/errors.ts";
import { Trap } from "../../../src/io/trap.ts";
import type { Family, SocketAddress } from "../../../src/wasi/sockets/address.ts";
import type { AddressCheck } from "../../../src/wasi/sockets/network.ts";
import type { SendReport, UdpEvents, UdpHandle, UdpPort } from "../../../src/wasi/sockets/udp-port.ts";
import { UdpSocket, type UdpSettings } from "../../../src/wasi/sockets/udp-socket.ts";

export const LOCAL: SocketAddress = { family: "ipv4", ip: "127.0.0.1", port: 1000 };
export const PEER: SocketAddress = { family: "ipv4", ip: "127.0.0.1", port: 2000 };
export const OTHER: SocketAddress = { family: "ipv4", ip: "127.0.0.1", port: 3000 };
export const WRONG: SocketAddress = { family: "ipv6", ip: "::1", port: 2000 };

export const SETTINGS: UdpSettings = { datagramBytes: 1024 * 1024, readBytes: 65_536, permits: "strict" };

export interface FakeSend {
  readonly data: Uint8Array;
  /** Where it goes: what was given, or where the socket was connected to. */
  readonly to: SocketAddress | undefined;
  readonly report: SendReport;
}

/** A socket of a network that is the test's to play. */
export class FakeUdp implements UdpPort, UdpHandle {
  events: UdpEvents | undefined;
  readonly binds: SocketAddress[] = [];
  readonly sends: FakeSend[] = [];
  readonly connects: (SocketAddress | undefined)[] = [];
  closed = 0;
  hops = 64;
  /** What becomes of a datagram at once; nothing: the test says so later. */
  onSend: (send: FakeSend) => void = ({ report }) => report.left();
  /** What a bind, or a connect, comes to. */
  onBind: () => void | Promise<void> = () => {};
  onConnect: () => void | Promise<void> = () => {};
  onOpen: () => void = () => {};

  open(_: Family, events: UdpEvents): UdpHandle {
    this.onOpen();
    this.events = events;
    return this;
  }

  bind(address: SocketAddress): void | Promise<void> {
    this.binds.push(address);
    return this.onBind();
  }

  local(): SocketAddress {
    return LOCAL;
  }

  connect(remote: SocketAddress | undefined): void | Promise<void> {
    this.connects.push(remote);
    return this.onConnect();
  }

  send(data: Uint8Array, to: SocketAddress | undefined, report: SendReport): void {
    const send = { data, to: to ?? this.connects.at(-1), report };
    this.sends.push(send);
    this.onSend(send);
  }

  hopLimit(): number {
    return this.hops;
  }

  setHopLimit(value: number): void {
    this.hops = value;
  }

  bufferSize(): number {
    return 1;
  }

  setBufferSize(): void {}

  close(): void {
    this.closed++;
  }

  /** A datagram arrives. */
  deliver(data: Uint8Array, from: SocketAddress = PEER): void {
    this.events?.received(data, from);
    this.events?.settled();
  }

  fail(code: string): void {
    this.events?.failed(Object.assign(new Error(code), { code }));
    this.events?.settled();
  }
}

export function socketOn(port: UdpPort, check: AddressCheck = () => true, settings = SETTINGS): UdpSocket {
  return new UdpSocket(port, "ipv4", check, settings);
}

/** Runs steps that must not wait. */
export function now<T>(steps: Steps<T>): T {
  const step = steps.next();
  if (step.done !== true) throw new Error("it waits");
  return step.value;
}

/** What a call gives: its value as text, the code that it reports, or that it traps. */
export function outcomeOf(call: () => unknown): string {
  try {
    const value = call();
    return value === undefined ? "ok" : JSON.stringify(value);
  } catch (error) {
    if (error instanceof Trap) return `trap ${error.rule}`;
    if (error instanceof WitError && !(error instanceof StreamError)) return String(error.payload);
    throw error;
  }
}

/** Counts how often it is woken. */
export function counter(readiness: Readiness): { readonly woken: number } {
  const waker = { woken: 0, wake: () => void waker.woken++ };
  readiness.watch(waker);
  return waker;
}

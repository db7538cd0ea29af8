import { guarded } from "../../io/checked-ports.ts";
import { settled } from "../../io/later.ts";
import { isThenable } from "../../io/shape.ts";
import type { Steps } from "../../io/steps.ts";
import { InternalError } from "../../io/trap.ts";
import type { SocketAddress } from "./address.ts";
import type { LookupPort } from "./lookup.ts";
import type { TcpPort } from "./tcp-port.ts";
import type { UdpPort } from "./udp-port.ts";

/** What a guest wants an address for. */
export type SocketUse =
  /** The address is the one that it asks for, which may be all of the host's, and port 0 for any. */
  | "tcp-bind"
  /** The address is its own, with the port that it has. */
  | "tcp-listen"
  /** The address is the peer's, who has connected. Who is not permitted is reset. */
  | "tcp-accept"
  /** The address is the peer's. A socket that is not bound also asks for `tcp-bind`, of all addresses and port 0. */
  | "tcp-connect"
  /** The address is the one that it asks for, which may be all of the host's, and port 0 for any. */
  | "udp-bind"
  /** The address is the receiver's. */
  | "udp-send"
  /** The address is the sender's. */
  | "udp-receive";

/**
 * Whether a guest may use an address. Only `true`, now or later, permits it. While a promise is pending the guest waits
 * in its call, also where that call never waits otherwise; a datagram that has arrived is not there before.
 */
export type AddressCheck = (address: SocketAddress, use: SocketUse) => boolean | Promise<boolean>;

/** A network: that of a runtime, or one in memory. */
export interface NetworkPorts {
  readonly tcp: TcpPort;
  readonly udp: UdpPort;
  readonly lookup: LookupPort;
}

/** What an instance is given of a network: what is missing it does not have. */
export interface Network {
  readonly tcp: TcpPort | undefined;
  readonly udp: UdpPort | undefined;
  readonly lookup: LookupPort | undefined;
  readonly check: AddressCheck;
  /** The instance is over. @throws {InternalError} What went wrong with the network of which nobody has heard. */
  readonly close?: () => void;
}

/** `check`, named as `port` where it fails: that is no answer, and nothing that the network did. */
export function checkedCheck(check: AddressCheck, port: string): AddressCheck {
  const faulted = (cause: unknown): never => {
    throw new InternalError(port, cause);
  };
  return (address, use) => {
    // A copy: what it does to that, nobody connects to.
    const answer = guarded(port, () => check({ ...address }, use));
    return isThenable(answer) ? Promise.resolve(answer).catch(faulted) : isYes(answer);
  };
}

/** Asks `check`. */
export function* permitted(check: AddressCheck, address: SocketAddress, use: SocketUse): Steps<boolean> {
  return isYes(yield* settled(check(address, use)));
}

/** An embedder's own function may say anything. */
export function isYes(answer: unknown): boolean {
  return answer === true;
}

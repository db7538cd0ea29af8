import { newTally, type Tally } from "../../io/tally.ts";
import { addressText, type SocketAddress } from "./address.ts";

/** So many sockets are told one by one, so that a guest cannot fill memory with what it has done. */
const MOST = 64;

/** What one socket carried in each direction. */
export interface SocketTally {
  readonly received: Tally;
  readonly sent: Tally;
}

export function newSocketTally(): SocketTally {
  return { received: newTally(), sent: newTally() };
}

/** What one socket carried, between whom. */
export interface SocketStats extends SocketTally {
  readonly protocol: "tcp" | "udp";
  /** Its own address and port, such as `127.0.0.1:80` or `[::1]:80`. */
  readonly local: string;
  /** Its peer's; missing for a socket of UDP that is with anybody. */
  readonly remote?: string;
}

/** What the sockets of an instance carried: connections of TCP, and pairs of streams of UDP. */
export interface SocketsStats {
  /** The first 64, in the order in which they came about. */
  readonly each: readonly SocketStats[];
  /** All that came after them, together. */
  readonly others: SocketTally & { readonly count: number };
}

/** Gives each socket what it counts with. */
export class SocketTallies implements SocketsStats {
  readonly each: SocketStats[] = [];
  readonly others: { count: number } & SocketTally = { count: 0, ...newSocketTally() };

  add(protocol: "tcp" | "udp", local: SocketAddress, remote: SocketAddress | undefined): SocketTally {
    if (this.each.length === MOST) {
      this.others.count++;
      return this.others;
    }
    const peer = remote && { remote: addressText(remote) };
    const stats = { protocol, local: addressText(local), ...peer, ...newSocketTally() };
    this.each.push(stats);
    return stats;
  }
}

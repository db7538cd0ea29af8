import { SocketError } from "./error-code.ts";
import type { TcpOptions } from "./tcp-port.ts";

/** What Linux has room for. */
const MAX_SECONDS = 32_767n;
const MAX_COUNT = 127;
const MAX_BYTES = 2 ** 31 - 1;
const NS = 1_000_000_000n;

/**
 * The changes that a guest's call asks for: within range as it is, beyond it the nearest that there is.
 *
 * @throws {SocketError} `invalid-argument` for 0.
 */
export const changed = {
  idle: (ns: bigint): Partial<TcpOptions> => ({ keepAliveIdleSeconds: seconds(ns) }),
  interval: (ns: bigint): Partial<TcpOptions> => ({ keepAliveIntervalSeconds: seconds(ns) }),
  count: (value: number): Partial<TcpOptions> => ({ keepAliveCount: Math.min(positive(value), MAX_COUNT) }),
  hopLimit: (value: number): Partial<TcpOptions> => ({ hopLimit: positive(value) }),
  receiveBuffer: (bytes: number): Partial<TcpOptions> => ({ receiveBufferBytes: Math.min(positive(bytes), MAX_BYTES) }),
  sendBuffer: (bytes: number): Partial<TcpOptions> => ({ sendBufferBytes: Math.min(positive(bytes), MAX_BYTES) }),
} as const;

/** As a guest is told: a u64 of nanoseconds. */
export function nanoseconds(wholeSeconds: number): bigint {
  return BigInt(wholeSeconds) * NS;
}

/** Whole ones, at least one: a system has no finer measure. */
function seconds(ns: bigint): number {
  if (ns === 0n) throw new SocketError("invalid-argument", "a time of keep-alive is more than 0");
  const whole = (ns + NS - 1n) / NS;
  return Number(whole > MAX_SECONDS ? MAX_SECONDS : whole);
}

function positive(value: number): number {
  if (value === 0) throw new SocketError("invalid-argument", "an option of a socket is at least 1");
  return value;
}

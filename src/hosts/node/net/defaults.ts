/** What a socket has before it exists, as the system would say. */
import type { readFileSync } from "node:fs";
import type { TcpOptions } from "../../../wasi/sockets/tcp-port.ts";

let tcp: TcpOptions | undefined;

/** Of a TCP socket. */
export function tcpDefaults(): TcpOptions {
  return (tcp ??= {
    keepAlive: false,
    keepAliveIdleSeconds: 7200,
    keepAliveIntervalSeconds: 75,
    keepAliveCount: 9,
    hopLimit: defaultHopLimit(),
    receiveBufferBytes: defaultTcpBufferBytes("receive"),
    sendBufferBytes: defaultTcpBufferBytes("send"),
  });
}

/** Hops, where nobody said anything. */
export function defaultHopLimit(): number {
  return setting("/proc/sys/net/ipv4/ip_default_ttl") ?? 64;
}

/** Bytes of a socket's buffer, as a guest is told: half of what Linux reports. */
export function defaultBufferBytes(which: "receive" | "send"): number {
  const bytes = setting(`/proc/sys/net/core/${which === "receive" ? "r" : "w"}mem_default`);
  return bytes === undefined ? 65_536 : Math.max(1, Math.floor(bytes / 2));
}

/** As `defaultBufferBytes`, of TCP, which Linux sizes for itself. */
function defaultTcpBufferBytes(which: "receive" | "send"): number {
  // The least, what a socket begins with, and the most.
  const bytes = setting(`/proc/sys/net/ipv4/tcp_${which === "receive" ? "r" : "w"}mem`, 1);
  return bytes === undefined ? 65_536 : Math.max(1, Math.floor(bytes / 2));
}

/** A number that Linux tells, and which of several it is. */
function setting(path: string, at = 0): number | undefined {
  const read: typeof readFileSync = process.getBuiltinModule("node:fs").readFileSync;
  try {
    const value = Number(read(path, "utf8").trim().split(/\s+/)[at]);
    return Number.isSafeInteger(value) && value > 0 ? value : undefined;
  } catch {
    return undefined;
  }
}

/** What a socket has before it exists, as the system would say. */
import type { readFileSync } from "node:fs";

/** Hops, where nobody said anything. */
export function defaultHopLimit(): number {
  return setting("/proc/sys/net/ipv4/ip_default_ttl") ?? 64;
}

/** Bytes of a socket's buffer, as a guest is told: half of what Linux reports. */
export function defaultBufferBytes(which: "receive" | "send"): number {
  const bytes = setting(`/proc/sys/net/core/${which === "receive" ? "r" : "w"}mem_default`);
  return bytes === undefined ? 65_536 : Math.max(1, Math.floor(bytes / 2));
}

/** A number that Linux tells. */
function setting(path: string): number | undefined {
  const read: typeof readFileSync = process.getBuiltinModule("node:fs").readFileSync;
  try {
    const value = Number(read(path, "utf8"));
    return Number.isSafeInteger(value) && value > 0 ? value : undefined;
  } catch {
    return undefined;
  }
}

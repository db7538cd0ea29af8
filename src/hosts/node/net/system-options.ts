/** Options of TCP that Node cannot set: the system is called for them, where it can be. */
import type { Family } from "../../../wasi/sockets/address.ts";
import type { TcpOptions } from "../../../wasi/sockets/tcp-port.ts";
import { systemOf } from "../system.ts";

/** Level and name of an option, as `setsockopt` has them. */
type Option = readonly [level: number, name: number];

interface Numbers {
  readonly receiveBufferBytes: Option;
  readonly sendBufferBytes: Option;
  readonly hopLimit: Readonly<Record<Family, Option>>;
}

const IP = 0;
const IPV6 = 41;

/** By `process.platform`. */
const NUMBERS: Readonly<Record<string, Numbers>> = {
  linux: { receiveBufferBytes: [1, 8], sendBufferBytes: [1, 7], hopLimit: { ipv4: [IP, 2], ipv6: [IPV6, 16] } },
  darwin: {
    receiveBufferBytes: [0xff_ff, 0x10_02],
    sendBufferBytes: [0xff_ff, 0x10_01],
    hopLimit: { ipv4: [IP, 4], ipv6: [IPV6, 4] },
  },
};

type SetOption = (fd: number, level: number, name: number, value: Uint8Array, bytes: number) => number;

/** Missing: nobody has asked. */
let known: SetOption | null | undefined;

/**
 * Sets what differs from `before` on a socket. What the system does not take it does not take: a guest is promised no more
 * than that it is told what it has set.
 *
 * @param fd Negative: there is none.
 */
export function setSystemOptions(fd: number, family: Family, options: TcpOptions, before: TcpOptions): void {
  const numbers = NUMBERS[process.platform];
  if (!numbers || fd < 0) return;
  for (const name of ["receiveBufferBytes", "sendBufferBytes", "hopLimit"] as const) {
    if (options[name] === before[name]) continue;
    const set = (known ??= load());
    const [level, option] = name === "hopLimit" ? numbers.hopLimit[family] : numbers[name];
    set?.(fd, level, option, new Uint8Array(Int32Array.of(options[name]).buffer), 4);
  }
}

function load(): SetOption | null {
  const system = systemOf({ setsockopt: { return: "i32", arguments: ["i32", "i32", "i32", "buffer", "u32"] } });
  return system?.functions.setsockopt ?? null;
}

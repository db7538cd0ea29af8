/** Times of files: to the nanosecond, as Node cannot set them, where the system can be called; else as Node can. */
import { FileError, type FileStat, type NewTime } from "../../wasi/filesystem/files.ts";
import { systemOf } from "./system.ts";

interface Numbers {
  /** In place of a directory's descriptor: a path is looked up from where the process works. */
  readonly workingDirectory: number;
  /** A link itself, and not what it points at. */
  readonly noFollow: number;
  /** In place of nanoseconds: these times. */
  readonly now: bigint;
  readonly keep: bigint;
}

/** By `process.platform`. */
const NUMBERS: Readonly<Record<string, Numbers>> = {
  linux: { workingDirectory: -100, noFollow: 0x1_00, now: 2n ** 30n - 1n, keep: 2n ** 30n - 2n },
  darwin: { workingDirectory: -2, noFollow: 0x20, now: -1n, keep: -2n },
};
const NS = 1_000_000_000n;

/** Missing: nobody has asked. */
let known: Functions | null | undefined;

interface Functions {
  futimens(fd: number, times: Uint8Array): number;
  utimensat(directory: number, path: string, times: Uint8Array, flags: number): number;
}

/**
 * Sets the times of what is open, or of a name, which is not followed if it is a link. Node has just been asked about it: so the name
 * has no NUL, which would end it here, and the file system answers, on which this thread waits.
 *
 * @returns Whether that is done. If not, Node's own call says why, or does it as well as it can.
 */
export function setExactTimes(what: number | string, accessed: NewTime, modified: NewTime): boolean {
  const numbers = NUMBERS[process.platform];
  // Where words are shorter, a time has other fields.
  if (!numbers || !process.arch.includes("64")) return false;
  // What Node can say exactly needs nothing loaded, which takes 9 ms.
  if (isWhole(accessed) && isWhole(modified)) return false;
  if (!isPossible(accessed) || !isPossible(modified)) return false;
  const functions = (known ??= load());
  if (!functions) return false;
  const times = timesOf([accessed, modified], numbers);
  const { workingDirectory, noFollow } = numbers;
  const outcome =
    typeof what === "number"
      ? functions.futimens(what, times)
      : functions.utimensat(workingDirectory, what, times, noFollow);
  return outcome === 0;
}

/** Seconds of which a floating-point number loses nothing. */
function isWhole(time: NewTime): boolean {
  return typeof time === "bigint" && time >= 0n && time % NS === 0n;
}

/** Within seconds of 64 bits. */
function isPossible(time: NewTime): boolean {
  if (typeof time !== "bigint") return true;
  const [seconds] = parted(time);
  return BigInt.asIntN(64, seconds) === seconds;
}

/** Seconds, and nanoseconds after them. */
function parted(time: bigint): readonly [bigint, bigint] {
  const ns = ((time % NS) + NS) % NS;
  return [(time - ns) / NS, ns];
}

/** Two of the system's `timespec`, on systems of 64 bits. */
function timesOf(times: readonly NewTime[], { now, keep }: Numbers): Uint8Array {
  const fields = times.flatMap((time) => (time === "now" ? [0n, now] : time === "keep" ? [0n, keep] : parted(time)));
  return new Uint8Array(BigInt64Array.from(fields).buffer);
}

function load(): Functions | null {
  const system = systemOf({
    futimens: { return: "i32", arguments: ["i32", "buffer"] },
    utimensat: { return: "i32", arguments: ["i32", "string", "buffer", "i32"] },
  });
  return system?.functions ?? null;
}

/** What Node takes where `setExactTimes` does nothing: seconds, exact to about a microsecond; before 1970 a Date, exact to a millisecond. */
export function secondsOf(accessed: NewTime, modified: NewTime, stat: FileStat): [number | Date, number | Date] {
  const now = BigInt(Date.now()) * 1_000_000n;
  const seconds = (time: NewTime, before: bigint | undefined): number | Date => {
    const ns = time === "now" ? now : time === "keep" ? (before ?? now) : time;
    return ns < 0n ? dateOf(ns / 1_000_000n) : Number(ns) / 1e9;
  };
  return [seconds(accessed, stat.accessedNs), seconds(modified, stat.modifiedNs)];
}

/** Node takes what is no date for one of its own. */
function dateOf(milliseconds: bigint): Date {
  const date = new Date(Number(milliseconds));
  if (!Number.isNaN(date.getTime())) return date;
  throw new FileError("EINVAL", `${milliseconds} ms after 1970 is more than 270,000 years before it`);
}

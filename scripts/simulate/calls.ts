/** What a trace is made of: the calls of a guest, and what happens around it meanwhile. Plain data, to be read and cut. */

/** In the order of the numbers in test/guests/src/programs/simulate.c. */
export const CALLS = [
  "get-stdout",
  "get-stderr",
  "get-stdin",
  "drop",
  "subscribe",
  "timer",
  "check-write",
  "write",
  "write-raw",
  "write-zeroes",
  "flush",
  "blocking-flush",
  "blocking-write-and-flush",
  "blocking-write-zeroes-and-flush",
  "splice",
  "blocking-splice",
  "read",
  "blocking-read",
  "skip",
  "blocking-skip",
  "ready",
  "block",
  "poll",
  "spin-check-write",
  "spin-read",
  "spin-ready",
  "exit",
  "trap",
  "unknown-handle",
  "open-read",
  "open-write",
  "open-append",
] as const;

export type CallName = (typeof CALLS)[number];

/** Handles are in slots: 0 to 3 of output streams, 4 to 7 of input streams, 8 to 15 of pollables. */
export const FIRST_INPUT = 4;
export const FIRST_POLLABLE = 8;
export const SLOTS = 16;

/**
 * One call. `a` is a slot, but for `poll` (a mask of pollables; 256: all twice; 512: even if none is left) and `exit` (the
 * code). `b` is a number of bytes or nanoseconds, or a slot. `c` is a number of bytes (`splice`), or for a write what
 * tells its bytes from those of others.
 */
export interface Call {
  readonly name: CallName;
  readonly a: number;
  readonly b: number;
  readonly c: number;
}

/** What happens outside the guest. `at` numbers a sink: 0 is standard output, 1 standard error. */
export type Happening =
  | { readonly event: "release"; readonly at: number; readonly bytes: number }
  | { readonly event: "stall" | "fail" | "leave"; readonly at: number }
  | { readonly event: "supply" | "release-source"; readonly bytes: number }
  | { readonly event: "end" | "fail-source" | "turn" | "fire-early" | "abort" | "disk" }
  | { readonly event: "advance"; readonly ns: number };

/** Calls that a guest makes one after the other, or something that happens when it is done with them, or waits. */
export type Step = { readonly calls: readonly Call[] } | Happening;

/** What goes wrong with a sink by itself: see `SinkFaults`. `Infinity` for never. */
export interface SinkSetup {
  readonly failAt: number;
  readonly closeAt: number;
  readonly stallAt: number;
  readonly writeBytes: number;
  readonly onFlush: boolean;
  /** What it takes has left only when it is released. */
  readonly holdsFlush: boolean;
  /** Whether it also has `writeBlocking`. */
  readonly blocks: boolean;
}

export interface SourceSetup {
  readonly bytes: number;
  readonly failAt: number;
  readonly endAt: number;
  readonly stallAt: number;
  readonly readBytes: number;
  readonly blocks: boolean;
}

/** What goes wrong with the file. */
export interface DiskSetup {
  /** Whether its calls are done only at the event "disk". */
  readonly later: boolean;
  /** The most that one call reads or writes. */
  readonly pieceBytes: number;
  /** Calls that succeed before one fails. */
  readonly failAfter: number;
}

/** How long the file is at the beginning. */
export const FILE_BYTES = 300;

export interface Setup {
  readonly bufferBytes: number;
  readonly readBytes: number;
  readonly budget: boolean;
  readonly sinks: readonly [SinkSetup, SinkSetup];
  readonly source: SourceSetup;
  readonly disk: DiskSetup;
  /** Milliseconds that pass whenever the loop is asked for the time. */
  readonly msPerLook: number;
}

export interface Trace {
  readonly setup: Setup;
  readonly steps: readonly Step[];
}

/** How a call ended, as the guest says it. */
export interface Answer {
  readonly status: Status;
  /** Bytes that were permitted, moved, written or read; whether it is ready; for `poll` a mask of positions. */
  readonly count: number;
  /** Of the bytes that were read. */
  readonly hash: number;
}

export const STATUSES = ["ok", "failed", "closed", "skipped"] as const;
export type Status = (typeof STATUSES)[number];

/** A byte of what a call of a guest writes. */
export function byteOf(serial: number, index: number): number {
  return (serial * 31 + index) & 0xff;
}

/** A byte of standard input. */
export function inputByte(index: number): number {
  return (index * 7 + (index >> 8)) & 0xff;
}

/** A byte of the file, at the beginning. */
export function fileByte(index: number): number {
  return (index * 13 + 5) & 0xff;
}

/** As the guest has it. */
export function hashOf(count: number, byteAt: (index: number) => number): number {
  let hash = 7;
  for (let index = 0; index < count; index++) hash = (Math.imul(hash, 31) + byteAt(index)) >>> 0;
  return hash;
}

/** Whether a call brings bytes of its own. */
export function writes(name: CallName): boolean {
  return name.includes("write") && !name.includes("check") && !name.includes("open");
}

export function isSpin(name: CallName): boolean {
  return name.startsWith("spin-");
}

/** A trace as somebody can read it, a step a line. */
export function textOf({ setup, steps }: Trace): string {
  const lines = steps.map((step) => {
    if ("calls" in step)
      return `  guest: ${step.calls.map(({ name, a, b, c }) => `${name}(${a}, ${b}, ${c})`).join(" ")}`;
    const { event, ...rest } = step;
    return `  ${event} ${Object.values(rest).join(" ")}`;
  });
  return [JSON.stringify(setup, (_, value: unknown) => (value === Infinity ? "never" : value)), ...lines].join("\n");
}

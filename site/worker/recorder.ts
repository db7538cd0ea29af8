import type { Call, CallCount, CallKind } from "../protocol.ts";

/** How finely calls are told apart in time, in milliseconds. */
const BIN_MS = 0.1;
/** Calls in words that one frame has room for. */
const CALLS_PER_FRAME = 40;
/** The first calls of a run are all told. */
const FIRST_CALLS = 400;

/** By the end of a call's name in WIT. */
const KINDS: readonly (readonly [pattern: RegExp, kind: CallKind])[] = [
  [/subscribe|#poll|pollable/, "wait"],
  [/streams#\[method\]input-stream\.(blocking-)?(read|skip)$/, "read"],
  [/streams#\[method\]output-stream\.check-write$/, "permit"],
  [/streams#\[method\]output-stream\.(blocking-)?flush$/, "flush"],
  [/streams#\[method\]output-stream\./, "write"],
  [/filesystem/, "files"],
  [/#fd_read$/, "read"],
  [/#fd_write$/, "write"],
  [/#(fd|path)_/, "files"],
];

export function kindOf(name: string): CallKind {
  return KINDS.find(([pattern]) => pattern.test(name))?.[1] ?? "other";
}

/** Counts the calls of all guests of a run, and keeps some of them in words. */
export class Recorder {
  readonly totals: number[];
  readonly #now: () => number;
  readonly #kinds = new Map<string, CallKind>();
  #counts = new Map<string, { guest: number; kind: CallKind; at: number; count: number }>();
  #calls: Call[] = [];
  #told = 0;

  /** @param now Milliseconds since the run began. */
  constructor(guests: number, now: () => number) {
    this.totals = Array.from({ length: guests }, () => 0);
    this.#now = now;
  }

  record(guest: number, name: string, values: readonly unknown[], outcome: string): void {
    const at = this.#now();
    let kind = this.#kinds.get(name);
    if (kind === undefined) this.#kinds.set(name, (kind = kindOf(name)));
    this.totals[guest] = (this.totals[guest] ?? 0) + 1;
    const bin = Math.floor(at / BIN_MS);
    const key = `${guest} ${kind} ${bin}`;
    const counted = this.#counts.get(key);
    if (counted) counted.count++;
    else this.#counts.set(key, { guest, kind, at: bin * BIN_MS, count: 1 });
    if (this.#told++ < FIRST_CALLS || this.#calls.length < CALLS_PER_FRAME) {
      this.#calls.push({ guest, at, text: textOf(name, values, outcome) });
    }
  }

  /** All since the last time. */
  take(): { readonly counts: readonly CallCount[]; readonly calls: readonly Call[] } {
    const taken = { counts: [...this.#counts.values()], calls: this.#calls };
    this.#counts = new Map();
    this.#calls = [];
    return taken;
  }
}

/** Short enough for a line: `output-stream.write(12 bytes) = ok`. */
function textOf(name: string, values: readonly unknown[], outcome: string): string {
  const short = name.replace(/^.*#/, "").replace(/^\[[\w-]+\]/, "");
  return `${short}(${values.map(shown).filter(Boolean).join(", ")}) ${outcome}`.trimEnd();
}

function shown(value: unknown): string {
  if (value instanceof Uint8Array) return value.length === 1 ? "1 byte" : `${value.length} bytes`;
  if (typeof value === "string") return JSON.stringify(value.length > 24 ? `${value.slice(0, 24)}…` : value);
  if (typeof value === "number" || typeof value === "bigint" || typeof value === "boolean") return String(value);
  if (Array.isArray(value)) return `list of ${value.length}`;
  // Handles say nothing to a reader.
  return "";
}

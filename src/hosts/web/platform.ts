/** What every page and worker has, as a platform: Web Streams, clocks, and the crypto of the Web. */
import { plainSink, plainSource, saysTerminal } from "../../io/plain-ports.ts";
import type { Sink, Source } from "../../io/ports.ts";
import { isObject } from "../../io/shape.ts";
import { Part } from "../../io/part.ts";
import { openedStandard } from "../../run/standard.ts";
import type { Platform } from "../../run/platform.ts";
import type { MonotonicClock, WallClock } from "../../wasi/clocks/clocks.ts";
import { isOurs, type OpenDirectory } from "../../wasi/filesystem/files.ts";
import type * as ForeignDirectory from "./foreign-directory.ts";
import type * as Streams from "./streams.ts";

/** The longest that a timer can be set to; a longer wait is several of them. */
const MAX_TIMER_MS = 2 ** 31 - 1;
/** What `getRandomValues` fills at once. */
const RANDOM_BYTES = 65_536;

/** Tasks of their own, as soon as there is time for one: a timer of no time would be held back for 4 ms. */
class Tasks {
  readonly #waiting: (() => void)[] = [];
  readonly #channel = new MessageChannel();

  constructor() {
    this.#channel.port1.addEventListener("message", () => this.#waiting.shift()?.());
    this.#channel.port1.start();
  }

  add(task: () => void): void {
    this.#waiting.push(task);
    // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a port has none
    this.#channel.port2.postMessage(0);
  }
}

let tasks: Tasks | undefined;

/** Its timers wait for nothing, and run before what a channel brings; while it computes, its clock stands still. */
const IS_WORKERD = typeof navigator === "object" && navigator.userAgent === "Cloudflare-Workers";

/** Has something done in a task of its own. */
export function soon(task: () => void): void {
  if (IS_WORKERD) setTimeout(task, 0);
  else (tasks ??= new Tasks()).add(task);
}

let looks = 0;

/** Milliseconds. Where the clock stands still, each look at it is one. */
function loopNow(): number {
  return IS_WORKERD ? ++looks : performance.now();
}

const webMonotonicClock: MonotonicClock = {
  now: () => BigInt(Math.round(performance.now() * 1e6)),
  // What pages are given that are not isolated from others.
  resolution: () => 100_000n,
  schedule(delayNs, callback) {
    if (delayNs === 0n) {
      let isWanted = true;
      soon(() => isWanted && callback());
      return () => void (isWanted = false);
    }
    const wholeMs = (delayNs + 999_999n) / 1_000_000n;
    const timer = setTimeout(callback, Number(wholeMs > MAX_TIMER_MS ? MAX_TIMER_MS : wholeMs));
    return () => clearTimeout(timer);
  },
};

const webWallClock: WallClock = {
  now() {
    const ms = Date.now();
    return { seconds: BigInt(Math.floor(ms / 1000)), nanoseconds: (ms % 1000) * 1_000_000 };
  },
  resolution: () => ({ seconds: 0n, nanoseconds: 1_000_000 }),
};

/** Who has files in memory alone has no use for it. */
const checks: Part<typeof ForeignDirectory> = new Part(() => import("./foreign-directory.ts"));
/** Who has bytes, text and functions alone has no use for it. */
const streams: Part<typeof Streams> = new Part(() => import("./streams.ts"));

function source(value: unknown, name: string): Source {
  return plainSource(value) ?? streams.code.streamSource(value, name)();
}

function sink(value: unknown, name: string): Sink {
  return plainSink(value) ?? streams.code.streamSink(value, name)();
}

/** A page, or a worker of one. It has no files but those in memory, and no streams of its own. */
export const webPlatform: Platform = {
  loop: { turn: () => new Promise<void>(soon), now: loopNow },
  monotonicClock: webMonotonicClock,
  wallClock: webWallClock,
  random: {
    fill(into) {
      for (let at = 0; at < into.length; at += RANDOM_BYTES) {
        // Memory that is shared is none that a platform is given.
        crypto.getRandomValues(into.subarray(at, at + RANDOM_BYTES) as Uint8Array<ArrayBuffer>);
      }
    },
  },
  async http() {
    const { FetchClient } = await import("./fetch.ts");
    return (_resolve, maxExchanges) => new FetchClient(maxExchanges);
  },
  web: async () => (await import("./carry.ts")).clientOf,
  standard: (given) =>
    openedStandard(
      () => ({ isTerminal: saysTerminal(given.stdin), source: source(given.stdin, "stdin") }),
      (name) => ({ isTerminal: saysTerminal(given[name]), sink: sink(given[name], name) }),
    ),
  checks,
  streams,
  directory: (value, path) =>
    // One of ours is one.
    isObject(value) && isOurs(value) ? (value as unknown as OpenDirectory) : checks.code.foreignDirectory(value, path),
  source,
  sink,
};

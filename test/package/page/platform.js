// What a page has, as a platform: nothing of Node's, and nothing that makes code of text.
import { WebSink } from "../../../dist/hosts/web/writable.js";
import { webSource } from "../../../dist/hosts/web/readable.js";
import { closedSource, DiscardSink } from "../../../dist/io/memory.js";

/** The longest that a timer can be set to; a longer wait is several of them. */
const MAX_TIMER_MS = 2 ** 31 - 1;
/** What `getRandomValues` fills at once. */
const RANDOM_BYTES = 65_536;

const channel = new MessageChannel();
const waiting = [];
channel.port1.addEventListener("message", () => waiting.shift()());
channel.port1.start();

/** Calls `callback` in a task of its own. A timer of no time would be held back for 4 ms. */
function soon(callback) {
  waiting.push(callback);
  // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a port has none
  channel.port2.postMessage(0);
}

const nanoseconds = (ms) => BigInt(Math.round(ms * 1e6));

const source = (value) => (value === "ignore" ? closedSource() : webSource(value));
const sink = (value) => (value === "ignore" ? new DiscardSink() : new WebSink(value));

/**
 * Streams are those of the Web, and directories open ones.
 *
 * @type {import("../../../dist/run/platform.js").Platform}
 */
export const pagePlatform = {
  loop: { turn: () => new Promise(soon), now: () => performance.now() },
  monotonicClock: {
    now: () => nanoseconds(performance.now()),
    resolution: () => 100_000n,
    schedule(delayNs, callback) {
      if (delayNs === 0n) {
        let isWanted = true;
        soon(() => isWanted && callback());
        return () => (isWanted = false);
      }
      const timer = setTimeout(callback, Math.min(Math.ceil(Number(delayNs) / 1e6), MAX_TIMER_MS));
      return () => clearTimeout(timer);
    },
  },
  wallClock: {
    now() {
      const ms = Date.now();
      return { seconds: BigInt(Math.floor(ms / 1000)), nanoseconds: (ms % 1000) * 1e6 };
    },
    resolution: () => ({ seconds: 0n, nanoseconds: 1_000_000 }),
  },
  random: {
    fill(into) {
      for (let at = 0; at < into.length; at += RANDOM_BYTES)
        crypto.getRandomValues(into.subarray(at, at + RANDOM_BYTES));
    },
  },
  standard: ({ stdin, stdout, stderr }) => ({
    stdin: { source: source(stdin), isTerminal: false },
    stdout: { sink: sink(stdout), isTerminal: false },
    stderr: { sink: sink(stderr), isTerminal: false },
  }),
  directory: (value) => value,
  source,
  sink,
};

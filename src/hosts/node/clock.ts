import type { Loop } from "../../wait/task.ts";
import type { MonotonicClock, WallClock } from "../../wasi/clocks/clocks.ts";

/** The longest that a timer of Node's can be set to; a longer wait is several of them. */
export const MAX_TIMER_MS: number = 2 ** 31 - 1;

/** Without a look at `process`, a getter of the global object, at each call. */
const { hrtime } = process;

export const nodeLoop: Loop = {
  // After the poll phase: timers and I/O that are due have run.
  turn: () => new Promise((resolve) => setImmediate(resolve)),
  // performance.now() takes a millisecond to load.
  now: () => Number(hrtime.bigint()) / 1e6,
};

export const nodeMonotonicClock: MonotonicClock = {
  now: () => hrtime.bigint(),
  resolution: () => 1n,
  schedule(delayNs, callback) {
    if (delayNs === 0n) {
      const immediate = setImmediate(callback);
      return () => clearImmediate(immediate);
    }
    const wholeMs = (delayNs + 999_999n) / 1_000_000n;
    const timer = setTimeout(callback, Number(wholeMs > MAX_TIMER_MS ? MAX_TIMER_MS : wholeMs));
    return () => clearTimeout(timer);
  },
};

export const nodeWallClock: WallClock = {
  now() {
    // Microseconds, which a double still holds exactly.
    const micros = BigInt(Math.round((performance.timeOrigin + performance.now()) * 1000));
    return { seconds: micros / 1_000_000n, nanoseconds: Number(micros % 1_000_000n) * 1000 };
  },
  resolution: () => ({ seconds: 0n, nanoseconds: 1000 }),
};

/**
 * Standard streams and timers for glue that can neither suspend its guest nor return to the event loop: what has to
 * wait blocks the thread, as a native program does.
 */
import { readSync, writeSync } from "node:fs";
import { DiscardSink } from "../io/memory.ts";
import type { Source } from "../io/ports.ts";
import { PullSource } from "../io/pull-source.ts";
import type { Readiness } from "../io/readiness.ts";
import { sinkFailure } from "../hosts/node/writable.ts";
import type { MonotonicClock } from "../wasi/clocks/clocks.ts";

const NEVER = new Int32Array(new SharedArrayBuffer(4));

function sleepOneMillisecond(): void {
  Atomics.wait(NEVER, 0, 0, 1);
}

/** Blocks the thread until `readiness` is ready: a timer, since the streams below always are. */
export function park(readiness: Readiness): void {
  while (!readiness.ready()) sleepOneMillisecond();
}

/** A timer that is due at once cannot wait for a turn of the event loop that does not come. */
export function parkingClock(clock: MonotonicClock, suspends: () => boolean): MonotonicClock {
  return {
    now: () => clock.now(),
    resolution: () => clock.resolution(),
    schedule(delayNs, callback) {
      if (suspends()) return clock.schedule(delayNs, callback);
      if (delayNs === 0n) callback();
      return () => {};
    },
  };
}

/** Does a system call again while it says that it would block: somebody has set the descriptor so. */
function insist<T>(call: () => T): T {
  for (;;) {
    try {
      return call();
    } catch (error) {
      const code = error instanceof Error && "code" in error ? error.code : undefined;
      if (code === "EAGAIN") sleepOneMillisecond();
      else if (code !== "EINTR") throw error;
    }
  }
}

export function parkingFdSource(fd: number): Source {
  const buffer = new Uint8Array(64 * 1024);
  return new PullSource((max) => {
    const count = insist(() => readSync(fd, buffer, 0, Math.min(max, buffer.length), null));
    return count === 0 ? null : buffer.subarray(0, count);
  });
}

export class ParkingFdSink extends DiscardSink {
  readonly #fd: number;

  constructor(fd: number) {
    super();
    this.#fd = fd;
  }

  override write(bytes: Uint8Array): number {
    try {
      return insist(() => writeSync(this.#fd, bytes));
    } catch (error) {
      throw sinkFailure(error);
    }
  }
}

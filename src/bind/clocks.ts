/** `wasi:clocks` 0.2, as a guest calls it. */
import { record } from "../abi/composites.ts";
import { own } from "../abi/owned.ts";
import { returns } from "../abi/returns.ts";
import { u32, u64 } from "../abi/scalars.ts";
import type { Entry } from "../abi/resources.ts";
import { Timer } from "../wasi/clocks/timers.ts";
import { call, defineInterface, type Fast, type Interface } from "./definition.ts";
import { addTimer, POLLABLE } from "./io.ts";
import type { Instance } from "./instance.ts";
import { ending } from "./lower.ts";

/** Gains half of the general way's time, which guests that measure take for their own: `npm run bench calls`. */
const fastNow: Fast = ({ instance, task, guest }) => {
  const clock = instance.world.monotonicClock;
  return function now(): bigint {
    if (task.mustGiveWay()) {
      task.pendRetry(now, []);
      return -1n;
    }
    guest.resources.settle();
    try {
      return clock.now();
    } catch (error) {
      throw ending("wasi:clocks/monotonic-clock#now", error);
    }
  };
};

function timerIn({ timers }: Instance, duration: bigint): Timer {
  return new Timer(timers, timers.now() + duration);
}

/** A guest that asks for no time at all is looking around: what it looks for may need the event loop (4.9). */
function isDue({ value }: Entry): boolean {
  // What `addTimer` was given.
  return (value as Timer).ready();
}

/** A timer costs little more than the clock that it looks at, once. */
const fastSubscribe: Fast = ({ instance, task, guest }) => {
  return function subscribe(duration: bigint): number {
    if (task.mustGiveWay()) return task.pendRetry(subscribe, [duration]);
    guest.resources.settle();
    let timer;
    try {
      timer = timerIn(instance, BigInt.asUintN(64, duration));
    } catch (error) {
      throw ending("wasi:clocks/monotonic-clock#subscribe-duration", error);
    }
    // What `isDue` says of it, without another look at the clock.
    if (duration === 0n) task.idle();
    return guest.insert(addTimer(instance, timer));
  };
};

/** @see WASI 0.2 `wasi:clocks/monotonic-clock` */
export const monotonicClock: Interface = defineInterface("wasi:clocks/monotonic-clock", () => ({
  now: call([], returns(u64), ({ world }) => world.monotonicClock.now(), { fast: fastNow }),
  resolution: call([], returns(u64), ({ world }) => world.monotonicClock.resolution()),
  "subscribe-instant": call(
    [u64],
    returns(own(POLLABLE)),
    (instance, when) => addTimer(instance, new Timer(instance.timers, when)),
    { idle: isDue },
  ),
  "subscribe-duration": call(
    [u64],
    returns(own(POLLABLE)),
    (instance, duration) => addTimer(instance, timerIn(instance, duration)),
    { idle: isDue, fast: fastSubscribe },
  ),
}));

const datetime = record({ seconds: u64, nanoseconds: u32 });

/** @see WASI 0.2 `wasi:clocks/wall-clock` */
export const wallClock: Interface = defineInterface("wasi:clocks/wall-clock", () => ({
  now: call([], returns(datetime), ({ world }) => world.wallClock.now()),
  resolution: call([], returns(datetime), ({ world }) => world.wallClock.resolution()),
}));

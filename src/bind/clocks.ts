/** `wasi:clocks` 0.2, as a guest calls it. */
import { Timer, Timers } from "../wasi/timers.ts";
import type { World } from "../wasi/world.ts";
import { own, record, returns, u32, u64 } from "./abi.ts";
import { call, ending, functions } from "./func.ts";
import type { Instance } from "./instance.ts";
import { addTimer } from "./io.ts";

/** @see WASI 0.2 `wasi:clocks/monotonic-clock` */
export function monotonicClock(instance: Instance, world: World): Record<string, unknown> {
  const clock = world.monotonicClock;
  const timers = new Timers(clock);
  const { lease } = instance;
  instance.timers = timers;
  const name = (method: string): string => `wasi:clocks/monotonic-clock#${method}`;
  return functions(instance, {
    now: () =>
      call(name("now"), [], returns(u64), () => clock.now(), {
        fast: () => () => {
          lease?.close();
          try {
            return clock.now();
          } catch (error) {
            throw ending(name("now"), error);
          }
        },
      }),
    resolution: () => call(name("resolution"), [], returns(u64), () => clock.resolution()),
    subscribeInstant: () =>
      call(name("subscribe-instant"), [u64], returns(own), (when) => addTimer(instance, new Timer(timers, when))),
    subscribeDuration: () =>
      call(name("subscribe-duration"), [u64], returns(own), (duration) =>
        addTimer(instance, new Timer(timers, clock.now() + duration)),
      ),
  });
}

/** @see WASI 0.2 `wasi:clocks/wall-clock` */
export function wallClock(instance: Instance, world: World): Record<string, unknown> {
  const datetime = record({ seconds: u64, nanoseconds: u32 });
  return functions(instance, {
    now: () => call("wasi:clocks/wall-clock#now", [], returns(datetime), () => world.wallClock.now()),
    resolution: () =>
      call("wasi:clocks/wall-clock#resolution", [], returns(datetime), () => world.wallClock.resolution()),
  });
}

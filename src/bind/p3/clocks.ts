/** `wasi:clocks` 0.3, as a guest calls it. */
import { record } from "../../abi/composites.ts";
import { nothing, returns } from "../../abi/returns.ts";
import { s64 } from "../../abi/more-scalars.ts";
import { string, u32, u64 } from "../../abi/scalars.ts";
import type { Type } from "../../abi/type.ts";
import { option } from "../../abi/variants.ts";
import type { Steps } from "../../io/steps.ts";
import type { Datetime } from "../../wasi/clocks/clocks.ts";
import { Timer, type Timers } from "../../wasi/clocks/timers.ts";
import { blocking, call, defineInterface, type Interface } from "../definition.ts";

/** The record `instant` of `wasi:clocks/system-clock`: seconds since 1970. */
export const instant: Type<Datetime> = record({ seconds: s64, nanoseconds: u32 });

function* waited(timers: Timers, deadline: bigint): Steps<void> {
  const timer = new Timer(timers, deadline);
  while (!timer.ready()) yield timer;
}

/** @see WASI 0.3 `wasi:clocks/types` */
export const types: Interface = defineInterface("wasi:clocks/types", () => ({}));

/** @see WASI 0.3 `wasi:clocks/monotonic-clock` */
export const monotonicClock: Interface = defineInterface("wasi:clocks/monotonic-clock", () => ({
  now: call([], returns(u64), ({ world }) => world.monotonicClock.now(), { boxed: true }),
  "get-resolution": call([], returns(u64), ({ world }) => world.monotonicClock.resolution(), { boxed: true }),
  "wait-until": blocking([u64], nothing, ({ timers }, when) => waited(timers, when)),
  "wait-for": blocking([u64], nothing, ({ timers }, duration) => waited(timers, timers.now() + duration)),
}));

/** @see WASI 0.3 `wasi:clocks/system-clock` */
export const systemClock: Interface = defineInterface("wasi:clocks/system-clock", () => ({
  now: call([], returns(instant), ({ world }) => world.wallClock.now()),
  "get-resolution": call(
    [],
    returns(u64),
    ({ world }) => {
      const { seconds, nanoseconds } = world.wallClock.resolution();
      return seconds * 1_000_000_000n + BigInt(nanoseconds);
    },
    { boxed: true },
  ),
}));

/**
 * Where the guest is it is not told: it is in UTC.
 *
 * @see WASI 0.3 `wasi:clocks/timezone`
 */
export const timezone: Interface = defineInterface("wasi:clocks/timezone", () => ({
  "iana-id": call([], returns(option(string)), () => "UTC"),
  "utc-offset": call([instant], returns(option(s64)), () => 0n),
  "to-debug-string": call([], returns(string), () => "UTC"),
}));

/** Clocks of an embedder's, checked where they are asked. */
import { guarded, misbehaved } from "../../io/checked-ports.ts";
import { isU64 } from "../../io/assert-shape.ts";
import { isObject } from "../../io/shape.ts";
import { InternalError } from "../../io/trap.ts";
import type { Datetime, MonotonicClock, WallClock } from "./clocks.ts";

function checkedU64(port: string, value: unknown): bigint {
  if (isU64(value)) return value;
  throw misbehaved(port, "a bigint from 0 to 2 ** 64 - 1", value);
}

/** `clock`, as it should be. What it throws, or gives that is no time, is an `InternalError` that names it. */
export function checkedMonotonicClock(clock: MonotonicClock): MonotonicClock {
  const ask = (name: "now" | "resolution"): bigint => {
    const port = `monotonicClock.${name}`;
    return checkedU64(
      port,
      guarded(port, () => clock[name]()),
    );
  };
  return {
    now: () => ask("now"),
    resolution: () => ask("resolution"),
    schedule(delayNs, callback) {
      const port = "monotonicClock.schedule";
      let state: "asked" | "early" | "waiting" | "over" = "asked";
      const cancel: unknown = guarded(port, () =>
        clock.schedule(delayNs, () => {
          if (state === "asked") state = "early";
          if (state !== "waiting") return;
          state = "over";
          callback();
        }),
      );
      if (typeof cancel !== "function") throw misbehaved(port, "a function that cancels", cancel);
      // Set within the call, which TypeScript does not see.
      if ((state as string) === "early") {
        throw new InternalError(port, new TypeError("expected a call after a turn of the event loop, got one at once"));
      }
      state = "waiting";
      return () => {
        state = "over";
        guarded(port, () => void cancel());
      };
    },
  };
}

/** Each looked at once: a member may be a function of the embedder's too. */
function membersOf(time: unknown): unknown {
  return isObject(time) && "seconds" in time && "nanoseconds" in time
    ? { seconds: time["seconds"], nanoseconds: time["nanoseconds"] }
    : time;
}

/** As `checkedMonotonicClock`. */
export function checkedWallClock(clock: WallClock): WallClock {
  const ask = (name: "now" | "resolution"): Datetime => {
    const port = `wallClock.${name}`;
    const time: unknown = guarded(port, () => membersOf(clock[name]()));
    if (isObject(time)) {
      const { seconds, nanoseconds } = time;
      const fits = typeof nanoseconds === "number" && Number.isInteger(nanoseconds) && nanoseconds >= 0;
      if (fits && nanoseconds < 1e9) return { seconds: checkedU64(`${port}, seconds`, seconds), nanoseconds };
      throw misbehaved(`${port}, nanoseconds`, "a whole number from 0 to 999999999", nanoseconds);
    }
    throw misbehaved(port, "{ seconds, nanoseconds }", time);
  };
  return { now: () => ask("now"), resolution: () => ask("resolution") };
}

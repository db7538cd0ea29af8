/** Waiting for the first of several. */
import { ALWAYS, AnyOf, type Readiness } from "../../io/readiness.ts";
import type { Steps } from "../../io/steps.ts";
import { FileError } from "../../wasi/filesystem/files.ts";
import { Timer } from "../../wasi/clocks/timers.ts";
import { define, type P1, type P1Functions } from "./define.ts";
import { errnoOf } from "./errno.ts";
import type { Fd, FileFd } from "./fds.ts";
import { clockOf, nanoseconds, REALTIME } from "./process.ts";

/** As many as one call takes: each is kept while the guest waits. */
const MAX_SUBSCRIPTIONS = 4096;
/** Of the records `subscription` and `event`. */
const SUBSCRIPTION_BYTES = 48;
const EVENT_BYTES = 32;

/** The enum `eventtype`. */
const EVENT = { clock: 0, read: 1, write: 2 } as const;
/** A flag of `subclockflags`: the time is one of the clock's, and not from now on. */
const ABSOLUTE = 1;
/** A flag of `eventrwflags`. */
const HANGUP = 1;

/** What is waited for, and what is said of it then. */
interface Subscription {
  readonly userdata: bigint;
  readonly type: number;
  /** The errno, if it cannot be waited for: that is an event too. */
  readonly error: number;
  readonly readiness: Readiness;
  readonly fd: Fd | undefined;
}

/** How much can be read or written of something that is ready, and `eventrwflags`. */
interface Amount {
  readonly bytes: bigint;
  readonly flags: number;
}

export function pollFunctions(p1: P1): P1Functions {
  return {
    poll_oneoff: define(["u32", "u32", "u32", "u32"], (input, output, count, result) => {
      const { memory } = p1;
      if (count === 0) throw new FileError("EINVAL", "nothing could ever end the wait");
      if (count > MAX_SUBSCRIPTIONS) throw new FileError("EINVAL", `${count} subscriptions, of ${MAX_SUBSCRIPTIONS}`);
      memory.bytes(input, count * SUBSCRIPTION_BYTES);
      memory.bytes(output, count * EVENT_BYTES);
      memory.storeU32(result, 0);
      return pollAll(p1, input, output, count, result);
    }),
  };
}

function* pollAll(p1: P1, input: number, output: number, count: number, result: number): Steps<void> {
  const all: Subscription[] = [];
  try {
    for (let index = 0; index < count; index++) all.push(subscribe(p1, input + index * SUBSCRIPTION_BYTES));
    const any = new AnyOf(all.map(({ readiness }) => readiness));
    let ready = readyOf(p1, all);
    while (ready.length === 0) {
      yield any;
      ready = readyOf(p1, all);
    }
    for (const [index, subscription] of ready.entries()) {
      storeEvent(p1, output + index * EVENT_BYTES, subscription, yield* amountOf(subscription));
    }
    p1.memory.storeU32(result, ready.length);
  } finally {
    for (const { readiness } of all) if (readiness instanceof Timer) readiness.drop();
  }
}

/** All are asked, even after one is found ready, so that the others start what they have to start (4.8). */
function readyOf({ timers }: P1, all: readonly Subscription[]): Subscription[] {
  timers.hold();
  try {
    return all.filter(({ readiness }) => readiness.ready());
  } finally {
    timers.release();
  }
}

function subscribe(p1: P1, at: number): Subscription {
  const { memory } = p1;
  const userdata = memory.loadU64(at);
  const type = memory.loadU8(at + 8);
  if (type > EVENT.write) throw new FileError("EINVAL", `there is no event of type ${type}`);
  try {
    if (type === EVENT.clock) return { userdata, type, error: 0, readiness: timerAt(p1, at + 16), fd: undefined };
    const fd = p1.fds.get(memory.loadU32(at + 16));
    return { userdata, type, error: 0, readiness: readinessOf(fd, type), fd };
  } catch (cause) {
    const error = errnoOf(cause);
    if (error === undefined) throw cause;
    return { userdata, type, error, readiness: ALWAYS, fd: undefined };
  }
}

/** A time of day that is set back meanwhile ends no wait earlier or later: what counts is how long it was when it began. */
function timerAt({ memory, world, timers }: P1, at: number): Timer {
  const clock = clockOf(memory.loadU32(at));
  const timeout = memory.loadU64(at + 8);
  const now = timers.now();
  if ((memory.loadU16(at + 24) & ABSOLUTE) === 0) return new Timer(timers, now + timeout);
  if (clock !== REALTIME) return new Timer(timers, timeout);
  return new Timer(timers, now + timeout - nanoseconds(world.wallClock.now()));
}

function readinessOf(fd: Fd, type: number): Readiness {
  if (fd.tag === "file") return ALWAYS;
  if ((fd.tag === "input" && type === EVENT.read) || (fd.tag === "output" && type === EVENT.write)) return fd.stream;
  throw new FileError("EBADF", "this cannot be waited for");
}

function* amountOf({ fd, type }: Subscription): Steps<Amount> {
  if (!fd) return { bytes: 0n, flags: 0 };
  if (fd.tag === "file" && type === EVENT.read) return { bytes: yield* restOf(fd), flags: 0 };
  const gone = fd.tag === "output" && fd.outlet.state.tag === "closed";
  // More is not known of a stream than that there is something.
  return { bytes: 1n, flags: gone ? HANGUP : 0 };
}

function* restOf({ descriptor, position }: FileFd): Steps<bigint> {
  const rest = (yield* descriptor.stat()).size - BigInt(position);
  return rest > 0n ? rest : 0n;
}

function storeEvent(
  { memory }: P1,
  at: number,
  { userdata, error, type }: Subscription,
  { bytes, flags }: Amount,
): void {
  memory.bytes(at, EVENT_BYTES).fill(0);
  memory.storeU64(at, userdata);
  memory.storeU16(at + 8, error);
  memory.storeU8(at + 10, type);
  memory.storeU64(at + 16, bytes);
  memory.storeU16(at + 24, flags);
}

/** Arguments, environment, clocks, randomness and the process itself. */
import { settled } from "../../io/later.ts";
import { fillInPieces } from "../random-pieces.ts";
import { FileError } from "../../wasi/filesystem/files.ts";
import type { Datetime } from "../../wasi/clocks/clocks.ts";
import { define, type P1, type P1Functions } from "./define.ts";
import type { P1Memory } from "./memory.ts";

/** The ones of the enum `clockid` that there are. */
export const REALTIME = 0;
const MONOTONIC = 1;

/** What a process may say at its end: a byte, as in POSIX, which drops the others. */
const EXIT_CODE_BITS = 0xff;

export function processFunctions(p1: P1): P1Functions {
  const { world, host } = p1;
  return {
    ...listFunctions(p1),
    ...clockFunctions(p1),
    proc_exit: {
      params: ["u32"],
      result: false,
      run: ([code]) => world.exit(Number(code) & EXIT_CODE_BITS),
    },
    proc_raise: define(["u32"], () => {
      throw new FileError("ENOTSUP", "there are no signals");
    }),
    sched_yield: define([], () => settled(host.task.giveWay())),
    random_get: define(["u32", "u32"], (at, length) => {
      const into = p1.memory.bytes(at, length);
      const { randomBytes } = world.limits;
      if (length > randomBytes) {
        throw new FileError("EINVAL", `${length} random bytes; one call gives at most ${randomBytes}`);
      }
      return fillInPieces(world.random, into, host.task);
    }),
  };
}

function listFunctions({ memory, world }: P1): P1Functions {
  const args = encodedList(() => world.args);
  const env = encodedList(() => world.env.map(([name, value]) => `${name}=${value}`));
  return {
    args_get: define(["u32", "u32"], (pointers, texts) => storeList(memory, args(), pointers, texts)),
    args_sizes_get: define(["u32", "u32"], (count, bytes) => storeSizes(memory, args(), count, bytes)),
    environ_get: define(["u32", "u32"], (pointers, texts) => storeList(memory, env(), pointers, texts)),
    environ_sizes_get: define(["u32", "u32"], (count, bytes) => storeSizes(memory, env(), count, bytes)),
  };
}

type Texts = readonly Uint8Array[];

/** Texts as C has them, made when they are asked for. */
function encodedList(texts: () => readonly string[]): () => Texts {
  let encoded: Texts | undefined;
  return () => (encoded ??= texts().map((text) => new TextEncoder().encode(`${text}\0`)));
}

function storeSizes(memory: P1Memory, texts: Texts, count: number, bytes: number): void {
  memory.storeU32(count, texts.length);
  memory.storeU32(
    bytes,
    texts.reduce((sum, { length }) => sum + length, 0),
  );
}

function storeList(memory: P1Memory, texts: Texts, pointers: number, start: number): void {
  let at = start;
  for (const [index, text] of texts.entries()) {
    memory.storeU32(pointers + index * 4, at);
    memory.bytes(at, text.length).set(text);
    at += text.length;
  }
}

function clockFunctions({ memory, world }: P1): P1Functions {
  const { monotonicClock, wallClock } = world;
  return {
    clock_res_get: define(["u32", "u32"], (clock, at) => {
      memory.storeU64(
        at,
        clockOf(clock) === REALTIME ? nanoseconds(wallClock.resolution()) : monotonicClock.resolution(),
      );
    }),
    // The precision says what would be good enough; the time is as exact as it is.
    clock_time_get: define(["u32", "u64", "u32"], (clock, _precision, at) => {
      memory.storeU64(at, clockOf(clock) === REALTIME ? nanoseconds(wallClock.now()) : monotonicClock.now());
    }),
  };
}

/** @throws EINVAL for a clock that there is not: the two of CPU time, which WASI has given up. */
export function clockOf(id: number): typeof REALTIME | typeof MONOTONIC {
  if (id !== REALTIME && id !== MONOTONIC) throw new FileError("EINVAL", `there is no clock ${id}`);
  return id;
}

/** Since 1970. */
export function nanoseconds(time: Datetime): bigint {
  return time.seconds * 1_000_000_000n + BigInt(time.nanoseconds);
}

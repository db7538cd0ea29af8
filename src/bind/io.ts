/** `wasi:io` 0.2: error, poll and streams, as a guest calls them. */
import type { IoError, StreamFailure } from "../io/errors.ts";
import type { InputStream } from "../io/input-stream.ts";
import type { OutputStream } from "../io/output-stream.ts";
import { poll } from "../io/poll.ts";
import type { Readiness } from "../io/readiness.ts";
import type { Timer } from "../wasi/timers.ts";
import {
  bool,
  borrow,
  borrowEntry,
  bytes,
  length,
  list,
  nothing,
  own,
  result,
  returns,
  string,
  u32,
  variant,
  type Returns,
  type Type,
} from "./abi.ts";
import { bind, blocking, call, resourceClass, type Definition, type Definitions, type Fast } from "./func.ts";
import { WAIT, type CoreFunction } from "./gate.ts";
import type { Guest } from "./guest.ts";
import type { Instance } from "./instance.ts";
import type { Entry, Kind } from "./resources.ts";

export const ERROR: Kind<IoError> = { name: "error" };
export const POLLABLE: Kind<Readiness> = { name: "pollable" };
export const INPUT_STREAM: Kind<InputStream> = { name: "input-stream" };
export const OUTPUT_STREAM: Kind<OutputStream> = { name: "output-stream" };

/** Gives the guest a pollable on `readiness`, which has to be dropped before `parent`. */
export function addPollable(instance: Instance, readiness: Readiness, parent?: Entry): Entry {
  return instance.resources.add(POLLABLE, readiness, undefined, parent);
}

/** Gives the guest a pollable that lets go of its timer when it is dropped. */
export function addTimer(instance: Instance, timer: Timer): Entry {
  return instance.resources.add(POLLABLE, timer, () => timer.drop());
}

export function addInputStream(instance: Instance, stream: InputStream): Entry {
  return instance.resources.add(INPUT_STREAM, stream, () => stream.drop());
}

export function addOutputStream(instance: Instance, stream: OutputStream): Entry {
  return instance.resources.add(OUTPUT_STREAM, stream, () => stream.drop());
}

const streamError = variant({ "last-operation-failed": own, closed: null });

/** `result<T, stream-error>`: a failure becomes an `error` resource of the guest's. */
function streamResult<Out>(ok: Type<unknown, Out> | null): Returns<Out> {
  return result(ok, streamError, (payload, resources) => {
    // Thrown by the streams, and only by them: see StreamError.
    const failure = payload as StreamFailure;
    return failure.tag === "closed" ? failure : { tag: failure.tag, val: resources.add(ERROR, failure.val) };
  });
}

const borrowedPollable = borrow(POLLABLE);
const polled = list(borrowedPollable);
const allReady = returns(list(u32));
const borrowedInput = borrow(INPUT_STREAM);
const borrowedOutput = borrow(OUTPUT_STREAM);
const unitResult = streamResult<void>(null);
const bytesResult = streamResult(bytes);
const lengthResult = streamResult(length);

/** @see WASI 0.2 `wasi:io/error` */
export function error(instance: Instance): Record<string, unknown> {
  return {
    Error: resourceClass(instance, ERROR, {
      toDebugString: () =>
        call("wasi:io/error#[method]error.to-debug-string", [borrow(ERROR)], returns(string), (self) =>
          self.toDebugString(),
        ),
    }),
  };
}

/** @see WASI 0.2 `wasi:io/poll` */
export function pollInterface(instance: Instance): Record<string, unknown> {
  const { task, lease } = instance;
  const ready = (): Definition =>
    call("wasi:io/poll#[method]pollable.ready", [borrowedPollable], returns(bool), (pollable) => pollable.ready(), {
      idle: (answer) => !answer,
      // Gains the general way's arrays and closures: about 10 times.
      fast: (guest) => {
        const pollables = guest.lens(POLLABLE);
        return (handle: number) => {
          if (task.mustGiveWay()) return WAIT;
          const pollable = pollables.get(handle);
          if (!pollable.ready()) {
            task.idle();
            return 0;
          }
          lease?.ready(handle, pollable);
          return 1;
        };
      },
      front: (options) => lease?.front("ready", options),
    });
  const block = (): Definition =>
    blocking("wasi:io/poll#[method]pollable.block", [borrowedPollable], nothing, waitUntilReady, {
      fast: (guest, attempt) => {
        const pollables = guest.lens(POLLABLE);
        return (handle: number) => {
          if (task.mustGiveWay()) return WAIT;
          const pollable = pollables.get(handle);
          if (!pollable.ready()) return attempt(handle);
          lease?.ready(handle, pollable);
          return 0;
        };
      },
      front: (options) => lease?.front("block", options),
    });
  return {
    Pollable: resourceClass(instance, POLLABLE, { ready, block }),
    poll: bind(
      instance,
      blocking("wasi:io/poll#poll", [polled], allReady, poll, {
        fast: fastPoll(instance),
        front: (options) => lease?.front("poll", options),
      }),
      false,
    ),
  };
}

function* waitUntilReady(pollable: Readiness): Generator<Readiness, void, void> {
  while (!pollable.ready()) yield pollable;
}

/** Reads the list in place, and allocates for the guest only what the result takes. */
function fastPoll(instance: Instance): Fast {
  return (guest, attempt) => {
    const { task, timers, lease } = instance;
    const pollables = guest.lens(POLLABLE);
    const positions: number[] = [];
    /** Finds the ready ones of `count` handles at `start`, as `pollNow` does, and says how many they are. */
    function readyOf(start: number, count: number): number {
      let found = 0;
      const { view } = guest;
      for (let position = 0; position < count; position++) {
        const handle = view.getInt32(start + position * 4, true);
        const pollable = pollables.get(handle);
        if (!pollable.ready()) continue;
        positions[found++] = position;
        if (count === 1) lease?.ready(handle, pollable);
      }
      return found;
    }
    return (pointer: number, count: number, at: number) => {
      if (task.mustGiveWay()) return WAIT;
      const start = guest.place(pointer, (count >>> 0) * 4, 4);
      timers?.hold();
      let found;
      try {
        found = readyOf(start, count >>> 0);
      } finally {
        timers?.release();
      }
      if (found === 0) return attempt(pointer, count, at);
      guest.storeU32s(guest.place(at, 8, 4), positions, found);
      return 0;
    };
  };
}

/** @see WASI 0.2 `wasi:io/streams` */
export function streams(instance: Instance): Record<string, unknown> {
  return {
    InputStream: resourceClass(instance, INPUT_STREAM, inputMethods(instance)),
    OutputStream: resourceClass(instance, OUTPUT_STREAM, outputMethods(instance)),
  };
}

function inputMethods(instance: Instance): Definitions {
  const { task } = instance;
  const name = (method: string): string => `wasi:io/streams#[method]input-stream.${method}`;

  /**
   * Copies what is there straight into the guest's memory. `orWait` says what to do if that is nothing, and `waits`
   * whether that is to wait.
   */
  function fastRead(
    guest: Guest,
    waits: boolean,
    orWait: (stream: InputStream, max: number) => number | bigint,
  ): CoreFunction {
    const inputs = guest.lens(INPUT_STREAM);
    return (handle: number, max: number, at: number) => {
      if (task.mustGiveWay()) return WAIT;
      const stream = inputs.get(handle);
      const place = guest.place(at, 12, 4);
      let read;
      try {
        read = stream.read(max, waits && max > 0);
      } catch (failure) {
        bytesResult.storeError(guest, place, failure);
        return 0;
      }
      if (read.length === 0 && orWait(stream, max) === WAIT) return WAIT;
      guest.storeBytes(place + 4, read);
      guest.view.setUint8(place, 0);
      return 0;
    };
  }

  function notNow(): number {
    task.idle();
    return 0;
  }

  return {
    read: () =>
      call(name("read"), [borrowedInput, length], bytesResult, (stream, max) => stream.read(max), {
        idle: (read) => read.length === 0,
        fast: (guest) => fastRead(guest, false, notNow),
      }),
    blockingRead: () =>
      blocking(name("blocking-read"), [borrowedInput, length], bytesResult, (stream, max) => stream.blockingRead(max), {
        fast: (guest, _attempt, suspend) => fastRead(guest, true, (stream, max) => suspend(stream.laterRead(max))),
      }),
    skip: () =>
      call(name("skip"), [borrowedInput, length], lengthResult, (stream, max) => stream.skip(max), {
        idle: (count) => count === 0,
      }),
    blockingSkip: () =>
      blocking(name("blocking-skip"), [borrowedInput, length], lengthResult, (stream, max) => stream.blockingSkip(max)),
    subscribe: () => subscribe(instance, name("subscribe"), INPUT_STREAM),
  };
}

function subscribe(instance: Instance, name: string, kind: Kind<Readiness>): Definition {
  // The entry is of `kind`, by the type of the parameter.
  return call(name, [borrowEntry(kind)], returns(own), (entry) =>
    addPollable(instance, entry.value as Readiness, entry),
  );
}

function outputMethods(instance: Instance): Definitions {
  const { task, lease } = instance;
  const name = (method: string): string => `wasi:io/streams#[method]output-stream.${method}`;

  const fastCheckWrite: Fast = (guest) => {
    const outputs = guest.lens(OUTPUT_STREAM);
    return (handle: number, at: number) => {
      if (task.mustGiveWay()) return WAIT;
      const stream = outputs.get(handle);
      const place = guest.place(at, 16, 8);
      let permitted;
      try {
        permitted = stream.checkWrite();
      } catch (failure) {
        lengthResult.storeError(guest, place, failure);
        return 0;
      }
      if (permitted === 0) task.idle();
      else lease?.granted(handle, stream);
      const { view } = guest;
      view.setUint8(place, 0);
      // Two halves, since a u64 as a bigint is allocated.
      view.setUint32(place + 8, permitted, true);
      view.setUint32(place + 12, permitted / 0x1_0000_0000, true);
      return 0;
    };
  };

  /** The sink is given the guest's own memory: nothing is copied that it takes at once. */
  const fastWrite: Fast = (guest) => {
    const outputs = guest.lens(OUTPUT_STREAM);
    return (handle: number, pointer: number, count: number, at: number) => {
      const stream = outputs.get(handle);
      const place = guest.place(at, 12, 4);
      const contents = guest.bytes(pointer, count);
      try {
        stream.write(contents);
      } catch (failure) {
        unitResult.storeError(guest, place, failure);
        return 0;
      }
      guest.view.setUint8(place, 0);
      return 0;
    };
  };

  /** Gains the general way's arrays and closures, 180 of 300 ns: `npm run bench calls`, row write and blocking-flush. */
  const fastBlockingFlush: Fast = (guest, _attempt, suspend) => {
    const outputs = guest.lens(OUTPUT_STREAM);
    return (handle: number, at: number) => {
      if (task.mustGiveWay()) return WAIT;
      const stream = outputs.get(handle);
      const place = guest.place(at, 12, 4);
      try {
        const rest = stream.flushOrWait();
        if (rest) return suspend(rest);
      } catch (failure) {
        unitResult.storeError(guest, place, failure);
        return 0;
      }
      guest.view.setUint8(place, 0);
      return 0;
    };
  };

  const fastWriteAndFlush: Fast = (guest, _attempt, suspend) => {
    const outputs = guest.lens(OUTPUT_STREAM);
    return (handle: number, pointer: number, count: number, at: number) => {
      if (task.mustGiveWay()) return WAIT;
      const stream = outputs.get(handle);
      const place = guest.place(at, 12, 4);
      try {
        const rest = stream.writeAndFlush(guest.bytes(pointer, count));
        if (rest) return suspend(rest);
      } catch (failure) {
        unitResult.storeError(guest, place, failure);
        return 0;
      }
      guest.view.setUint8(place, 0);
      return 0;
    };
  };

  return {
    checkWrite: () =>
      call(name("check-write"), [borrowedOutput], lengthResult, (stream) => stream.checkWrite(), {
        idle: (permitted) => permitted === 0,
        fast: fastCheckWrite,
        front: (options) => lease?.front("check-write", options),
      }),
    write: () =>
      call(name("write"), [borrowedOutput, bytes], unitResult, (stream, contents) => stream.write(contents), {
        fast: fastWrite,
        front: (options) => lease?.front("write", options),
      }),
    blockingWriteAndFlush: () =>
      blocking(
        name("blocking-write-and-flush"),
        [borrowedOutput, bytes],
        unitResult,
        (stream, contents) => stream.blockingWriteAndFlush(contents),
        { fast: fastWriteAndFlush },
      ),
    flush: () => call(name("flush"), [borrowedOutput], unitResult, (stream) => stream.flush()),
    blockingFlush: () =>
      blocking(name("blocking-flush"), [borrowedOutput], unitResult, (stream) => stream.blockingFlush(), {
        fast: fastBlockingFlush,
      }),
    subscribe: () => subscribe(instance, name("subscribe"), OUTPUT_STREAM),
    writeZeroes: () =>
      call(name("write-zeroes"), [borrowedOutput, length], unitResult, (stream, count) => stream.writeZeroes(count)),
    blockingWriteZeroesAndFlush: () =>
      blocking(name("blocking-write-zeroes-and-flush"), [borrowedOutput, length], unitResult, (stream, count) =>
        stream.blockingWriteZeroesAndFlush(count),
      ),
    splice: () =>
      call(
        name("splice"),
        [borrowedOutput, borrowedInput, length],
        lengthResult,
        (stream, source, max) => stream.splice(source, max),
        { idle: (moved) => moved === 0 },
      ),
    blockingSplice: () =>
      blocking(name("blocking-splice"), [borrowedOutput, borrowedInput, length], lengthResult, (stream, source, max) =>
        stream.blockingSplice(source, max),
      ),
  };
}

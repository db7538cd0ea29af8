/** `wasi:io` 0.2: error, poll and streams, as a guest calls them. */
import { borrow, borrowEntry, own } from "../abi/owned.ts";
import { bytes, list } from "../abi/lists.ts";
import { Kind, type Entry } from "../abi/resources.ts";
import { nothing, result, returns, type Returns } from "../abi/returns.ts";
import { bool, length, string, u32 } from "../abi/scalars.ts";
import type { Type } from "../abi/type.ts";
import { variant } from "../abi/variants.ts";
import type { IoError, StreamFailure } from "../io/errors.ts";
import type { InputStream } from "../io/input-stream.ts";
import type { OutputStream } from "../io/output-stream.ts";
import { assertPollables, poll as pollAll } from "../io/poll.ts";
import type { Readiness } from "../io/readiness.ts";
import type { Steps } from "../io/steps.ts";
import type { Timer } from "../wasi/clocks/timers.ts";
import { blocking, call, defineInterface, type Definition, type Interface } from "./definition.ts";
import * as fast from "./io-fast.ts";
import type { Instance } from "./instance.ts";

export const ERROR: Kind<IoError> = new Kind("error");
export const POLLABLE: Kind<Readiness> = new Kind("pollable");
export const INPUT_STREAM: Kind<InputStream> = new Kind("input-stream");
export const OUTPUT_STREAM: Kind<OutputStream> = new Kind("output-stream");

/** Gives the guest a pollable on `readiness`, which has to be dropped before `parent`. */
export function addPollable(instance: Instance, readiness: Readiness, parent?: Entry): Entry {
  return instance.resources.add(POLLABLE, readiness, undefined, parent);
}

/** Gives the guest a pollable that lets go of its timer when it is dropped. */
export function addTimer(instance: Instance, timer: Timer): Entry {
  return instance.resources.add(POLLABLE, timer, timer);
}

export function addInputStream(instance: Instance, stream: InputStream): Entry {
  return instance.resources.add(INPUT_STREAM, stream, stream);
}

export function addOutputStream(instance: Instance, stream: OutputStream): Entry {
  return instance.resources.add(OUTPUT_STREAM, stream, stream);
}

const streamError = variant({ "last-operation-failed": own(ERROR), closed: null });

/** `result<T, stream-error>`: a failure becomes an `error` resource of the guest's. */
function streamResult<Out>(ok: Type<unknown, Out> | null): Returns<Out> {
  return result(ok, streamError, (payload, resources) => {
    // Thrown by the streams, and only by them: see StreamError.
    const failure = payload as StreamFailure;
    return failure.tag === "closed" ? failure : { tag: failure.tag, val: resources.add(ERROR, failure.val) };
  });
}

const pollable = borrow(POLLABLE);
const input = borrow(INPUT_STREAM);
const output = borrow(OUTPUT_STREAM);
const unitResult = streamResult<void>(null);
const bytesResult = streamResult(bytes);
const lengthResult = streamResult(length);
const isZero = (count: number): boolean => count === 0;

/** @see WASI 0.2 `wasi:io/error` */
export const error: Interface = defineInterface(
  "wasi:io/error",
  () => ({
    "[method]error.to-debug-string": call([borrow(ERROR)], returns(string), (_, self) => self.toDebugString()),
  }),
  [ERROR],
);

/** @see WASI 0.2 `wasi:io/poll` */
export const poll: Interface = defineInterface(
  "wasi:io/poll",
  () => ({
    "[method]pollable.ready": call([pollable], returns(bool), (_, self) => self.ready(), {
      idle: (answer) => !answer,
      fast: fast.ready(POLLABLE),
      front: "ready",
    }),
    "[method]pollable.block": blocking([pollable], nothing, (_, self) => waitUntilReady(self), {
      fast: fast.block(POLLABLE),
      front: "block",
    }),
    poll: blocking([list(pollable)], returns(list(u32)), (instance, pollables) => pollSome(instance, pollables), {
      fast: fast.poll(POLLABLE),
      front: "poll",
    }),
  }),
  [POLLABLE],
);

/** Also for those who come without the fast way, which has looked before it read the list. */
function pollSome({ world }: Instance, pollables: readonly Readiness[]): Steps<number[]> {
  assertPollables(pollables.length, world.limits.pollables);
  return pollAll(pollables);
}

function* waitUntilReady(readiness: Readiness): Generator<Readiness, void, void> {
  while (!readiness.ready()) yield readiness;
}

/** A pollable of what `kind` is: to be dropped before that is. */
export function subscribe(kind: Kind<Readiness>): Definition {
  // The entry is of `kind`, by the type of the parameter.
  return call(
    [borrowEntry(kind)],
    returns(own(POLLABLE)),
    (instance, entry) => addPollable(instance, entry.value as Readiness, entry),
    { fast: fast.subscribe(kind, POLLABLE) },
  );
}

const inputFunctions = (): Interface["functions"] => ({
  "[method]input-stream.read": call([input, length], bytesResult, (_, self, max) => self.read(max), {
    idle: (read) => read.length === 0,
    fast: fast.read(INPUT_STREAM, bytesResult),
  }),
  "[method]input-stream.blocking-read": blocking(
    [input, length],
    bytesResult,
    (_, self, max) => self.blockingRead(max),
    { fast: fast.blockingRead(INPUT_STREAM, bytesResult) },
  ),
  "[method]input-stream.skip": call([input, length], lengthResult, (_, self, max) => self.skip(max), { idle: isZero }),
  "[method]input-stream.blocking-skip": blocking([input, length], lengthResult, (_, self, max) =>
    self.blockingSkip(max),
  ),
  "[method]input-stream.subscribe": subscribe(INPUT_STREAM),
});

const outputFunctions = (): Interface["functions"] => ({
  "[method]output-stream.check-write": call([output], lengthResult, (_, self) => self.checkWrite(), {
    idle: isZero,
    fast: fast.checkWrite(OUTPUT_STREAM, lengthResult),
    front: "check-write",
  }),
  "[method]output-stream.write": call([output, bytes], unitResult, (_, self, contents) => self.write(contents), {
    fast: fast.write(OUTPUT_STREAM, unitResult),
    front: "write",
  }),
  "[method]output-stream.blocking-write-and-flush": blocking(
    [output, bytes],
    unitResult,
    (_, self, contents) => self.blockingWriteAndFlush(contents),
    { fast: fast.writeAndFlush(OUTPUT_STREAM, unitResult) },
  ),
  "[method]output-stream.flush": call([output], unitResult, (_, self) => self.flush()),
  "[method]output-stream.blocking-flush": blocking([output], unitResult, (_, self) => self.blockingFlush(), {
    fast: fast.blockingFlush(OUTPUT_STREAM, unitResult),
  }),
  "[method]output-stream.subscribe": subscribe(OUTPUT_STREAM),
  "[method]output-stream.write-zeroes": call([output, length], unitResult, (_, self, count) => self.writeZeroes(count)),
  "[method]output-stream.blocking-write-zeroes-and-flush": blocking([output, length], unitResult, (_, self, count) =>
    self.blockingWriteZeroesAndFlush(count),
  ),
  "[method]output-stream.splice": call(
    [output, input, length],
    lengthResult,
    (_, self, source, max) => self.splice(source, max),
    { idle: isZero },
  ),
  "[method]output-stream.blocking-splice": blocking([output, input, length], lengthResult, (_, self, source, max) =>
    self.blockingSplice(source, max),
  ),
});

/** @see WASI 0.2 `wasi:io/streams` */
export const streams: Interface = defineInterface(
  "wasi:io/streams",
  () => ({ ...inputFunctions(), ...outputFunctions() }),
  [INPUT_STREAM, OUTPUT_STREAM],
);

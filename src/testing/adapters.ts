import { assertFits } from "../io/assert-shape.ts";
import { InputStream } from "../io/input-stream.ts";
import { OutputStream } from "../io/output-stream.ts";
import type { Readiness } from "../io/readiness.ts";
import { hasMethods } from "../io/shape.ts";
import { complete, type Steps } from "../io/steps.ts";
import type { InputSubject, Length, OutputSubject, PollableSubject } from "./subject.ts";

/** Our readiness, as a subject of the checks. */
export function pollableSubject(readiness: Readiness): PollableSubject {
  assertFits(
    "What pollableSubject takes",
    readiness,
    "a Readiness, with ready, watch, unwatch",
    hasMethods<Readiness>(readiness, "ready", "watch", "unwatch"),
  );
  return { ready: () => readiness.ready(), block: () => complete(untilReady(readiness)) };
}

function* untilReady(readiness: Readiness): Steps<void> {
  while (!readiness.ready()) yield readiness;
}

/** Our input stream, as a subject of the checks. */
export function inputSubject(stream: InputStream): InputSubject {
  assertFits("What inputSubject takes", stream, "an InputStream", stream instanceof InputStream);
  return {
    raw: stream,
    // A view is valid until the next call; the checks keep what they read.
    read: (max) => stream.read(Number(max)).slice(),
    blockingRead: async (max) => (await complete(stream.blockingRead(Number(max)))).slice(),
    skip: (max) => stream.skip(Number(max)),
    blockingSkip: (max) => complete(stream.blockingSkip(Number(max))),
    subscribe: () => pollableSubject(stream),
  };
}

/** What the memory of a reader holds before it reads. */
const UNTOUCHED = 0xa5;
/** Room for as much as any test supplies. */
const MOST_INTO = 64 * 1024;

/**
 * Our input stream, as guests of WASI 0.3 read it: into memory of their own. Puts the `readInto` of a source to the test,
 * also that it leaves alone what is beyond the bytes that it says it put there.
 */
export function inputIntoSubject(stream: InputStream): InputSubject {
  assertFits("What inputIntoSubject takes", stream, "an InputStream", stream instanceof InputStream);
  const read = (max: Length): Uint8Array => {
    const memory = new Uint8Array(Math.min(Number(max), MOST_INTO) + 1).fill(UNTOUCHED);
    const count = stream.readInto(memory.subarray(0, -1));
    if (memory.subarray(count).every((byte) => byte === UNTOUCHED)) return memory.slice(0, count);
    throw new TypeError(`readInto says that it put ${count} bytes into ${memory.length - 1}, and has put more`);
  };
  const blockingRead = async (max: Length): Promise<Uint8Array> => {
    for (;;) {
      const bytes = Number(max) > 0 ? read(max) : undefined;
      if (bytes && bytes.length > 0) return bytes;
      // oxlint-disable-next-line no-await-in-loop -- one after the other
      await complete(untilReady(stream));
      if (!bytes) return read(0);
    }
  };
  return {
    ...inputSubject(stream),
    read,
    blockingRead,
    skip: (max) => read(max).length,
    blockingSkip: async (max) => (await blockingRead(max)).length,
  };
}

/** Our output stream, as a subject of the checks. */
export function outputSubject(stream: OutputStream): OutputSubject {
  assertFits("What outputSubject takes", stream, "an OutputStream", stream instanceof OutputStream);
  return {
    checkWrite: () => stream.checkWrite(),
    write: (bytes) => stream.write(bytes),
    blockingWriteAndFlush: (bytes) => complete(stream.blockingWriteAndFlush(bytes)),
    flush: () => stream.flush(),
    blockingFlush: () => complete(stream.blockingFlush()),
    writeZeroes: (count) => stream.writeZeroes(Number(count)),
    blockingWriteZeroesAndFlush: (count) => complete(stream.blockingWriteZeroesAndFlush(Number(count))),
    splice: (source, max) => stream.splice(ownInput(source), Number(max)),
    blockingSplice: (source, max) => complete(stream.blockingSplice(ownInput(source), Number(max))),
    subscribe: () => pollableSubject(stream),
  };
}

function ownInput(source: InputSubject): InputStream {
  if (source.raw instanceof InputStream) return source.raw;
  throw new TypeError("Only an InputStream of this library can be spliced into an OutputStream of this library");
}

/** A pollable as glue for components has it: what jco's `preview2-shim` and its like export. */
export interface ClassPollable {
  ready(): boolean | Promise<boolean>;
  block(): void | Promise<void>;
  [Symbol.dispose]?(): void;
}

/** An input stream as glue for components has it. */
export interface ClassInputStream {
  read(max: bigint): Uint8Array | Promise<Uint8Array>;
  blockingRead(max: bigint): Uint8Array | Promise<Uint8Array>;
  skip(max: bigint): bigint | Promise<bigint>;
  blockingSkip(max: bigint): bigint | Promise<bigint>;
  subscribe(): ClassPollable;
}

/** An output stream as glue for components has it. */
export interface ClassOutputStream<Input> {
  checkWrite(): bigint | Promise<bigint>;
  write(bytes: Uint8Array): void | Promise<void>;
  blockingWriteAndFlush(bytes: Uint8Array): void | Promise<void>;
  flush(): void | Promise<void>;
  blockingFlush(): void | Promise<void>;
  writeZeroes(count: bigint): void | Promise<void>;
  blockingWriteZeroesAndFlush(count: bigint): void | Promise<void>;
  splice(source: Input, max: bigint): bigint | Promise<bigint>;
  blockingSplice(source: Input, max: bigint): bigint | Promise<bigint>;
  subscribe(): ClassPollable;
}

/** A pollable with the methods of glue for components, as a subject of the checks. */
export function classPollableSubject(pollable: ClassPollable): PollableSubject {
  assertFits(
    "What classPollableSubject takes",
    pollable,
    "a pollable, with ready and block",
    hasMethods<ClassPollable>(pollable, "ready", "block"),
  );
  return {
    ready: () => pollable.ready(),
    block: () => pollable.block(),
    drop: () => pollable[Symbol.dispose]?.(),
  };
}

/** An input stream with the methods of glue for components, as a subject of the checks. */
export function classInputSubject(stream: ClassInputStream): InputSubject {
  assertFits(
    "What classInputSubject takes",
    stream,
    "a stream, with read and subscribe",
    hasMethods<ClassInputStream>(stream, "read", "subscribe"),
  );
  return {
    raw: stream,
    read: (max) => stream.read(BigInt(max)),
    blockingRead: (max) => stream.blockingRead(BigInt(max)),
    skip: (max) => stream.skip(BigInt(max)),
    blockingSkip: (max) => stream.blockingSkip(BigInt(max)),
    subscribe: () => classPollableSubject(stream.subscribe()),
  };
}

/** An output stream with the methods of glue for components, as a subject of the checks. */
export function classOutputSubject<Input>(stream: ClassOutputStream<Input>): OutputSubject {
  assertFits(
    "What classOutputSubject takes",
    stream,
    "a stream, with write and subscribe",
    hasMethods<ClassOutputStream<Input>>(stream, "write", "subscribe"),
  );
  // The fixture's `input` makes the streams that this host splices.
  const inputOf = (source: InputSubject): Input => source.raw as Input;
  return {
    checkWrite: () => stream.checkWrite(),
    write: (bytes) => stream.write(bytes),
    blockingWriteAndFlush: (bytes) => stream.blockingWriteAndFlush(bytes),
    flush: () => stream.flush(),
    blockingFlush: () => stream.blockingFlush(),
    writeZeroes: (count) => stream.writeZeroes(BigInt(count)),
    blockingWriteZeroesAndFlush: (count) => stream.blockingWriteZeroesAndFlush(BigInt(count)),
    splice: (source, max) => stream.splice(inputOf(source), BigInt(max)),
    blockingSplice: (source, max) => stream.blockingSplice(inputOf(source), BigInt(max)),
    subscribe: () => classPollableSubject(stream.subscribe()),
  };
}

import type { Readiness, Watchable } from "./readiness.ts";

/**
 * Where bytes come from: the one port behind every input stream. Knows nothing of permits, handles or guests.
 *
 * Ends once, or fails once, and stays so. Does no input before it is asked.
 */
export interface Source extends Readiness {
  /** True of a terminal, which a guest may ask: `wasi:cli/terminal-stdin`. */
  readonly isTerminal?: boolean;

  /**
   * The bytes that are there now: at most `max`, never waits.
   *
   * An empty view says "none now": the source has then begun to fetch (unless `max` is 0), and wakes its watchers when
   * that is done. `null` is the end, now and for ever. A view belongs to the source, and is valid until its next call
   * and no longer than the current turn of the event loop.
   *
   * @param max At least 0. With 0 nothing is fetched, and the answer is an empty view until the end is known.
   * @throws The cause of a failure, once; the next answer is the end.
   */
  read(max: number): Uint8Array | null;

  /**
   * As `read`, for a reader who would wait all the same: may block the thread until there is something, if nobody else
   * needs the thread. Gives an empty view too when it must not.
   */
  readBlocking?(max: number): Uint8Array | null;

  /**
   * As `read(into.length)`, but puts the bytes at the start of `into`, leaves the rest of it alone, and says how many they
   * are. For a source that is given its bytes in a buffer, as by a system call: a source that has them already needs none.
   *
   * `into` may be a guest's memory. It is neither read, nor kept, nor written to when this has returned.
   *
   * @param waits Whether the reader would wait all the same: see `readBlocking`.
   */
  readInto?(into: Uint8Array, waits: boolean): number | null;

  /**
   * The next bytes, at least one and at most `max`, if they are memory that nobody else will change: whoever takes them may
   * keep them, and change nothing. `undefined` if they are not, or if there are none now: `read` says what there is.
   *
   * @throws As `read`.
   */
  take?(max: number): Uint8Array | undefined;

  /** True when `read` would give bytes, the end or the failure. May begin to fetch. */
  ready(): boolean;

  /**
   * Nobody will read again, but `close` comes later: first outputs are delivered and ended, which may be the other half of
   * what this stands for. Lets whoever writes at the other end go on, since those outputs may wait for just that, as when the
   * outputs of two guests are each other's inputs. A source whose bytes come from no such place needs none. Must not throw.
   */
  leave?(): void;

  /** Nobody will read again: releases everything. May be called more than once. */
  close(): void;
}

/** `source.readInto(into)`, or the same with a copy. */
export function readInto(source: Source, into: Uint8Array, waits: boolean = false): number | null {
  if (source.readInto) return source.readInto(into, waits);
  const max = into.length;
  return copyInto(waits && source.readBlocking ? source.readBlocking(max) : source.read(max), into);
}

let empty = Object.freeze(new Uint8Array(0));
/** What says whether it is there, where the engine tells. */
let memory: ArrayBuffer & { readonly detached?: boolean } = empty.buffer;

/**
 * Bytes that there are not. Whoever is given them may give their memory away, which no array of it survives: then there are
 * others. To make them each time would take ten times as long.
 */
export function none(): Uint8Array {
  // Older engines do not tell.
  if (memory.detached !== false) {
    empty = Object.freeze(new Uint8Array(0));
    memory = empty.buffer;
  }
  return empty;
}

/** Copies what a `read` gave to where it is wanted; says what `readInto` does. */
export function copyInto(bytes: Uint8Array | null, into: Uint8Array): number | null {
  if (bytes === null) return null;
  into.set(bytes);
  return bytes.length;
}

/**
 * Where bytes go: the one port behind every output stream. Knows nothing of permits, handles or guests.
 *
 * Wakes its watchers when `write` may take more or `flush` may have completed, or when either would throw.
 */
export interface Sink extends Watchable {
  /** True of a terminal, which a guest may ask: `wasi:cli/terminal-stdout` and `terminal-stderr`. */
  readonly isTerminal?: boolean;

  /**
   * Takes as many bytes from the start of `bytes` as it can at once, never waits, and says how many (0 for none now).
   * The caller may reuse `bytes` when this returns.
   *
   * @throws {PeerClosed} When nobody will ever take these bytes. Anything else thrown is the cause of a failure.
   */
  write(bytes: Uint8Array): number;

  /**
   * As `write`, for a writer who would wait all the same: may block the thread until all is taken, if nobody else needs
   * the thread.
   */
  writeBlocking?(bytes: Uint8Array): number;

  /** As `write`, of bytes that nobody will change: it may keep those that it takes, and needs no copy. */
  give?(bytes: Uint8Array): number;

  /** True when everything taken so far has left for the system, the socket or the host's stream. Throws as `write`. */
  flush(): boolean;

  /** The stream is complete, and flushed: ends it and releases everything. Called at most once, and not after `abort`. */
  close(): void | Promise<void>;

  /** Gives up: what has been taken may be lost. Releases everything. May be called more than once. */
  abort(reason: unknown): void;
}

/** Thrown by a sink whose other side is gone (a pipe without a reader, a cancelled stream): the stream is `closed`. */
export class PeerClosed extends Error {
  override readonly name: string = "PeerClosed";

  constructor(options?: ErrorOptions) {
    super("the other side of the stream is gone", options);
  }
}

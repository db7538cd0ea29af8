/**
 * What the checks play with: the resources of `wasi:io` as any host may have them, with plain numbers for lengths.
 *
 * A call reports a stream error by throwing something with a `payload`, or that is itself, `{ tag: "closed" }` or
 * `{ tag: "last-operation-failed" }`. Any other error that it throws is a trap, except one that only a mistake throws, such
 * as a TypeError.
 */

/** A value, or a promise of it, where a host cannot answer at once. */
export type Awaitable<T> = T | Promise<T>;

/** A length as the guest may say it: a bigint where a number would not be exact. */
export type Length = number | bigint;

/** @see WASI 0.2 `wasi:io/poll` `pollable` */
export interface PollableSubject {
  ready(): Awaitable<boolean>;
  block(): Awaitable<void>;
  drop?(): Awaitable<void>;
}

/** @see WASI 0.2 `wasi:io/streams` `input-stream` */
export interface InputSubject {
  /** What this stands for: the host's own object, for the host's own `splice`. */
  readonly raw: unknown;
  read(max: Length): Awaitable<Uint8Array>;
  blockingRead(max: Length): Awaitable<Uint8Array>;
  skip(max: Length): Awaitable<Length>;
  blockingSkip(max: Length): Awaitable<Length>;
  subscribe(): Awaitable<PollableSubject>;
}

/** @see WASI 0.2 `wasi:io/streams` `output-stream` */
export interface OutputSubject {
  checkWrite(): Awaitable<Length>;
  write(bytes: Uint8Array): Awaitable<void>;
  blockingWriteAndFlush(bytes: Uint8Array): Awaitable<void>;
  flush(): Awaitable<void>;
  blockingFlush(): Awaitable<void>;
  writeZeroes(count: Length): Awaitable<void>;
  blockingWriteZeroesAndFlush(count: Length): Awaitable<void>;
  splice(source: InputSubject, max: Length): Awaitable<Length>;
  blockingSplice(source: InputSubject, max: Length): Awaitable<Length>;
  subscribe(): Awaitable<PollableSubject>;
}

/** What a call came to. */
export type Outcome<T> =
  | { readonly tag: "ok"; readonly value: T }
  /** `fault` is an exception that no host means as a trap: a mistake in its code. */
  | { readonly tag: "closed" | "last-operation-failed" | "trap" | "fault"; readonly thrown: unknown };

/** Makes a call, and says what it came to. */
export async function attempt<T>(call: () => Awaitable<T>): Promise<Outcome<T>> {
  try {
    return { tag: "ok", value: await call() };
  } catch (thrown) {
    return { tag: failureOf(thrown) ?? failureOf(property(thrown, "payload")) ?? trapOrFault(thrown), thrown };
  }
}

function failureOf(value: unknown): "closed" | "last-operation-failed" | undefined {
  const tag = property(value, "tag");
  return tag === "closed" || tag === "last-operation-failed" ? tag : undefined;
}

function trapOrFault(thrown: unknown): "trap" | "fault" {
  const fault = thrown instanceof TypeError || thrown instanceof ReferenceError || !(thrown instanceof Error);
  return fault ? "fault" : "trap";
}

function property(value: unknown, name: string): unknown {
  return typeof value === "object" && value !== null ? Reflect.get(value, name) : undefined;
}

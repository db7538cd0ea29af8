/** `wasi:filesystem` 0.3, as a guest calls it: the functions of 0.2, with streams of its own and other errors. */
import { record, tuple } from "../../abi/composites.ts";
import { SharedStream, type Origin } from "../../abi/copy.ts";
import { elementOf } from "../../abi/element.ts";
import { mapped } from "../../abi/mapped.ts";
import { result, returns, type Returns } from "../../abi/returns.ts";
import { length, string, u8 } from "../../abi/scalars.ts";
import type { OutOf, Type } from "../../abi/type.ts";
import { option, resultValue, variant } from "../../abi/variants.ts";
import { ERROR_CODES, errorCodeOf, type ErrorCode } from "../../wasi/filesystem/error-code.ts";
import { type DirectoryEntry, type FileType } from "../../wasi/filesystem/files.ts";
import type { Datetime } from "../../wasi/clocks/clocks.ts";
import { FilesystemError, type Descriptor } from "../../wasi/filesystem/descriptor.ts";
import { call, defineInterface, type Interface } from "../definition.ts";
import { DESCRIPTOR, descriptorMethods, inputOf, outletOf, preopens as p2Preopens, self } from "../filesystem.ts";
import type { Instance } from "../instance.ts";
import { instant } from "./clocks.ts";
import { Drain, Feed, future, HostFuture, stream } from "./streams.ts";

const text = option(string);

/** The variant `error-code`: that of 0.2 without "would-block", and with a place for others. */
const errorCases = variant({
  ...(Object.fromEntries(ERROR_CODES.filter((code) => code !== "would-block").map((code) => [code, null])) as Record<
    Exclude<ErrorCode, "would-block">,
    null
  >),
  other: text,
});
const errorCode: Type<unknown> = errorCases as unknown as Type<unknown>;

function errorValue(code: ErrorCode): unknown {
  return code === "would-block" ? { tag: "other", val: code } : { tag: code };
}

const typeCases = variant({
  "block-device": null,
  "character-device": null,
  directory: null,
  fifo: null,
  "symbolic-link": null,
  "regular-file": null,
  socket: null,
  other: text,
});
type TypeCase = OutOf<typeof typeCases>;

const fileType: Type<FileType> = mapped(
  typeCases,
  ({ tag }): FileType => (tag === "other" ? "unknown" : tag),
  typeCase,
);

function typeCase(type: FileType): TypeCase {
  return type === "unknown" ? { tag: "other", val: undefined } : { tag: type };
}

function fileResult<Out>(ok: Type<unknown, Out> | null): Returns<Out> {
  // Thrown by `reported`, and only by it: see FilesystemError.
  return result(ok, errorCode, (payload) => errorValue(payload as ErrorCode));
}

const done = resultValue(null, errorCode);

/** What a stream ended with, as its future says it. */
function outcomeOf(cause: unknown): { readonly tag: "ok" } | { readonly tag: "err"; readonly val: unknown } {
  if (cause === undefined) return { tag: "ok" };
  const code = cause instanceof FilesystemError ? cause.payload : (errorCodeOf(cause) ?? "io");
  return { tag: "err", val: errorValue(code) };
}

/** Elements have the shape that WIT gives them: guests copy them as what they are. */
const entry = record({ type: typeCases, name: string });

/** A stream that has failed before it began. */
function failed(element: Type<unknown>, cause: unknown) {
  const shared = new SharedStream(elementOf(element));
  shared.drop();
  const ended = new HostFuture(done);
  ended.write(outcomeOf(cause));
  return [shared, ended.shared] as const;
}

const streamMethods = (): Interface["functions"] => ({
  "[method]descriptor.read-via-stream": call(
    [self, length],
    returns(tuple(stream(u8), future(done))),
    (instance, descriptor, at) => {
      try {
        const ended = new HostFuture(done);
        const input = inputOf(instance, descriptor, offset(at));
        const feed = new Feed(u8, input, instance.task, (cause) => ended.write(outcomeOf(cause)));
        return [feed.shared, ended.shared] as const;
      } catch (cause) {
        return failed(u8 as unknown as Type<unknown>, cause);
      }
    },
  ),
  "[method]descriptor.write-via-stream": call(
    [self, stream(u8), length],
    returns(future(done)),
    (instance, descriptor, data, at) =>
      written(instance, data, () => outletOf(instance, writable(descriptor), offset(at))),
  ),
  "[method]descriptor.append-via-stream": call(
    [self, stream(u8)],
    returns(future(done)),
    (instance, descriptor, data) => written(instance, data, () => outletOf(instance, writable(descriptor), "end")),
  ),
  "[method]descriptor.read-directory": call(
    [self],
    returns(tuple(stream(entry), future(done))),
    (instance, descriptor) => {
      const { task } = instance;
      const listing = new Listing((cause) => ended.write(outcomeOf(cause)));
      const ended = new HostFuture(done);
      void task
        .drive(
          descriptor.entries(),
          undefined,
          {
            deliver: (_, entries) => {
              instance.listings.found(entries);
              listing.list(entries);
            },
            deliverError: (_, cause) => listing.fail(cause),
          },
          undefined,
        )
        .catch((fault: unknown) => {
          instance.faults.push(fault);
          listing.fail(fault);
        });
      return [listing.shared, ended.shared] as const;
    },
  ),
});

/** @throws {FilesystemError} If no file reaches so far. */
function offset(at: number): number {
  if (at < Number.MAX_SAFE_INTEGER) return at;
  throw new FilesystemError("invalid", `no file has ${at} bytes`);
}

/** What cannot be written to is said before anything is taken. */
function writable(descriptor: Descriptor): Descriptor {
  if (descriptor.flags.write) return descriptor;
  throw new FilesystemError("bad-descriptor", "not open for writing");
}

function written(instance: Instance, data: SharedStream, open: () => ReturnType<typeof outletOf>) {
  const ended = new HostFuture(done, undefined, data);
  try {
    const { outlet, release } = open();
    new Drain(data, outlet, instance.task, (cause) => {
      if (outlet.state.tag === "failed") outlet.failureTaken();
      instance.finish(outlet, () => {
        release();
        ended.write(outcomeOf(cause));
      });
    }).begin();
  } catch (cause) {
    data.drop();
    ended.write(outcomeOf(cause));
  }
  return ended.shared;
}

/** The entries of a directory, once they are known. */
class Listing implements Origin {
  readonly shared: SharedStream = new SharedStream(elementOf(entry));
  readonly owner: undefined = undefined;
  readonly #end: (cause: unknown) => void;
  #entries: readonly { readonly type: TypeCase; readonly name: string }[] | undefined;
  #at = 0;
  #cause: unknown;

  constructor(end: (cause: unknown) => void) {
    this.#end = end;
  }

  list(entries: readonly DirectoryEntry[]): void {
    const named = entries.flatMap(({ type, name }) => (name === null ? [] : [{ type: typeCase(type), name }]));
    if (named.length < entries.length) this.#cause = new FilesystemError("illegal-byte-sequence", "a name is no UTF-8");
    this.#entries = named;
    this.#offer();
  }

  fail(cause: unknown): void {
    this.#cause = cause;
    this.#entries = [];
    this.#offer();
  }

  get remaining(): number {
    return (this.#entries?.length ?? 0) - this.#at;
  }

  bytes(): undefined {
    return undefined;
  }

  values(count: number): readonly unknown[] {
    return this.#entries?.slice(this.#at, this.#at + count) ?? [];
  }

  took(count: number): void {
    this.#at += count;
  }

  #offer(): void {
    if (this.remaining === 0) {
      this.shared.drop();
      this.#end(this.#cause);
      return;
    }
    const again = (): void => {
      if (!this.shared.isDropped) this.#offer();
    };
    this.shared.write(this, {
      onCopy: (reclaim) => void Promise.resolve().then(() => this.#copied(reclaim)),
      onDone: again,
    });
  }

  /** Some were read, while they waited for that. */
  #copied(reclaim: () => void): void {
    if (this.remaining > 0 || this.shared.isDropped) return;
    reclaim();
    this.#offer();
  }
}

const NS_PER_SECOND = 1_000_000_000n;

/** Before 1970 it is so many seconds before, and nanoseconds after that. */
function instantOf(ns: bigint | undefined): Datetime | undefined {
  if (ns === undefined) return undefined;
  const nanoseconds = ((ns % NS_PER_SECOND) + NS_PER_SECOND) % NS_PER_SECOND;
  return { seconds: (ns - nanoseconds) / NS_PER_SECOND, nanoseconds: Number(nanoseconds) };
}

/** @see WASI 0.3 `wasi:filesystem/preopens` */
export const preopens: Interface = p2Preopens;

/** @see WASI 0.3 `wasi:filesystem/types` */
export const types: Interface = defineInterface(
  "wasi:filesystem/types",
  () => ({
    ...descriptorMethods({
      fileResult,
      fileType,
      datetime: instant,
      datetimeOf: instantOf,
      flagsOf: ({ openedWith }) => openedWith,
      // Who creates a file means to write it.
      openedFor: ({ create, directory }, wanted) =>
        create && !directory ? { ...wanted, read: wanted.read || !wanted.write, write: true } : wanted,
    }),
    ...streamMethods(),
  }),
  [DESCRIPTOR],
);

/** `wasi:filesystem` 0.2, as a guest calls it. */
import { InputStream } from "../io/input-stream.ts";
import { Outlet } from "../io/outlet.ts";
import { OutputStream } from "../io/output-stream.ts";
import type { Steps } from "../io/steps.ts";
import { newTally } from "../io/tally.ts";
import type { Datetime } from "../wasi/clocks/clocks.ts";
import type { DescriptorFlags, OpenFlags } from "../wasi/filesystem/flags.ts";
import { MAX_PATH, MAX_PATH_BYTES } from "../wasi/filesystem/path.ts";
import { Descriptor, FilesystemError, reported } from "../wasi/filesystem/descriptor.ts";
import { ERROR_CODES, errorCodeOf, type ErrorCode } from "../wasi/filesystem/error-code.ts";
import {
  FILE_TYPES,
  openedBy,
  type DirectoryEntry,
  type FileStat,
  type FileType,
  type NewTime,
} from "../wasi/filesystem/files.ts";
import { mixed } from "../wasi/random/random.ts";
import type { World } from "../wasi/world.ts";
import { flags, record, tuple } from "../abi/composites.ts";
import { bytes, list } from "../abi/lists.ts";
import { borrow, own } from "../abi/owned.ts";
import { Kind, type Entry } from "../abi/resources.ts";
import { result, returns, type Returns } from "../abi/returns.ts";
import { bool, boundedString, length, string, u32, u64 } from "../abi/scalars.ts";
import type { Type } from "../abi/type.ts";
import { enumeration, option, variant } from "../abi/variants.ts";
import { blocking, call, defineInterface, type Interface } from "./definition.ts";
import type { Instance } from "./instance.ts";
import { ERROR, INPUT_STREAM, OUTPUT_STREAM, addInputStream, addOutputStream } from "./io.ts";

export const DESCRIPTOR: Kind<Descriptor> = new Kind("descriptor");
const DIRECTORY_ENTRY_STREAM: Kind<Iterator<DirectoryEntry>> = new Kind("directory-entry-stream");

const errorCode = enumeration(...ERROR_CODES);
const p2FileType = enumeration(...FILE_TYPES);
const p2Datetime: Type<Datetime> = record({ seconds: u64, nanoseconds: u32 });
const pathFlags = flags("symlink-follow");
const openFlags = flags("create", "directory", "exclusive", "truncate");
const descriptorFlags = flags(
  "read",
  "write",
  "file-integrity-sync",
  "data-integrity-sync",
  "requested-write-sync",
  "mutate-directory",
);
const advice = enumeration("normal", "sequential", "random", "will-need", "dont-need", "no-reuse");
const hashValue = record({ lower: u64, upper: u64 });

/** What versions of WASI have in other forms. */
export interface Dialect {
  /** `result<T, error-code>`. */
  readonly fileResult: <Out>(ok: Type<unknown, Out> | null) => Returns<Out>;
  readonly fileType: Type<FileType>;
  /** Seconds since 1970. */
  readonly datetime: Type<Datetime>;
  /** A time in nanoseconds since 1970; nothing if that has no form for it, or nobody knows it. */
  readonly datetimeOf: (ns: bigint | undefined) => Datetime | undefined;
  /** What `get-flags` says. */
  readonly flagsOf: (descriptor: Descriptor) => DescriptorFlags;
  /** What something is opened for that these flags ask for. */
  readonly openedFor: (open: OpenFlags, wanted: DescriptorFlags) => DescriptorFlags;
}

/** `result<T, error-code>`. */
function p2Result<Out>(ok: Type<unknown, Out> | null): Returns<Out> {
  // Thrown by `reported`, and only by it: see FilesystemError.
  return result(ok, errorCode, (payload) => payload as ErrorCode);
}

export const self: Type<Descriptor, never> = borrow(DESCRIPTOR);

/** @see WASI 0.2 `wasi:filesystem/preopens` */
export const preopens: Interface = defineInterface("wasi:filesystem/preopens", () => ({
  "get-directories": call([], returns(list(tuple(own(DESCRIPTOR), string))), (instance) =>
    instance.world.preopens.map(({ path, directory, readOnly }): [Entry, string] => {
      directory.share();
      return [addDescriptor(instance, Descriptor.preopen(directory, readOnly)), path];
    }),
  ),
}));

function addDescriptor(instance: Instance, descriptor: Descriptor): Entry {
  const release = holdOpen(instance, () => descriptor.drop());
  return instance.resources.add(DESCRIPTOR, descriptor, release);
}

/** Counts something open, and closes it at once if that is one too many. Gives what closes it. */
function holdOpen(instance: Instance, close: () => void): () => void {
  try {
    const release = instance.openFile(instance.world.limits.openFiles);
    return () => {
      release();
      close();
    };
  } catch (error) {
    close();
    throw error;
  }
}

/** The streams of a file hold it open for themselves: they may outlive their descriptor (1.4). */
export function inputOf(instance: Instance, descriptor: Descriptor, at: number): InputStream {
  const source = descriptor.readStream(at);
  const release = holdOpen(instance, () => source.close());
  return new InputStream(source, instance.world.limits.readBytes, newTally(), release);
}

/** What is written goes into the file from there on. `release` is to be called when that is over. */
export function outletOf(
  instance: Instance,
  descriptor: Descriptor,
  at: number | "end",
): { readonly outlet: Outlet; readonly release: () => void } {
  const sink = descriptor.writeStream(at);
  const release = holdOpen(instance, () => sink.close());
  const outlet = new Outlet(sink, instance.world.limits.bufferBytes);
  instance.outlets.set(outlet, openedBy(sink.file));
  return { outlet, release };
}

function outputOf(instance: Instance, descriptor: Descriptor, at: number | "end"): Entry {
  const { outlet, release } = outletOf(instance, descriptor, at);
  const stream = new OutputStream(outlet, instance.world.permits, () => instance.finish(outlet, release));
  return addOutputStream(instance, stream);
}

function addListing(instance: Instance, entries: readonly DirectoryEntry[]): Entry {
  const release = holdOpen(instance, instance.listings.hold(entries));
  return instance.resources.add(DIRECTORY_ENTRY_STREAM, entries.values(), release);
}

/** Text that is longer than any path is told of as too long, and not read. */
const pathText = boundedString(MAX_PATH_BYTES, "x".repeat(MAX_PATH + 1));
const streamMethods = (): Interface["functions"] => ({
  "[method]descriptor.read-via-stream": blocking(
    [self, length],
    p2Result(own(INPUT_STREAM)),
    (instance, descriptor, at) => reported(atOnce(() => addInputStream(instance, inputOf(instance, descriptor, at)))),
  ),
  "[method]descriptor.write-via-stream": blocking(
    [self, length],
    p2Result(own(OUTPUT_STREAM)),
    (instance, descriptor, at) => reported(atOnce(() => outputOf(instance, descriptor, at))),
  ),
  "[method]descriptor.append-via-stream": blocking([self], p2Result(own(OUTPUT_STREAM)), (instance, descriptor) =>
    reported(atOnce(() => outputOf(instance, descriptor, "end"))),
  ),
});

/** What all versions have in common. */
export function descriptorMethods({
  fileResult,
  fileType,
  datetime,
  datetimeOf,
  flagsOf,
  openedFor,
}: Dialect): Interface["functions"] {
  const newTimestamp = variant({ "no-change": null, now: null, timestamp: datetime });
  const unit = fileResult<void>(null);
  const hash = fileResult(hashValue);
  const stat = fileResult(
    record({
      type: fileType,
      "link-count": u64,
      size: u64,
      "data-access-timestamp": option(datetime),
      "data-modification-timestamp": option(datetime),
      "status-change-timestamp": option(datetime),
    }),
  );
  return { ...objectMethods(), ...directoryMethods() };

  function statValue({ type, linkCount, size, accessedNs, modifiedNs, changedNs }: FileStat) {
    return {
      type,
      linkCount,
      size,
      dataAccessTimestamp: datetimeOf(accessedNs),
      dataModificationTimestamp: datetimeOf(modifiedNs),
      statusChangeTimestamp: datetimeOf(changedNs),
    };
  }

  function objectMethods(): Interface["functions"] {
    return {
      "[method]descriptor.advise": blocking([self, length, length, advice], unit, (_, descriptor) =>
        // Advice is free to be ignored, but not on a directory.
        reported(descriptor.assertFile()),
      ),
      "[method]descriptor.sync-data": blocking([self], unit, (_, descriptor) => reported(descriptor.syncData())),
      "[method]descriptor.sync": blocking([self], unit, (_, descriptor) => reported(descriptor.sync())),
      "[method]descriptor.get-flags": blocking([self], fileResult(descriptorFlags), (_, descriptor) =>
        reported(atOnce(() => flagsOf(descriptor))),
      ),
      "[method]descriptor.get-type": blocking([self], fileResult(fileType), (_, descriptor) =>
        reported(descriptor.type()),
      ),
      "[method]descriptor.set-size": blocking([self, length], unit, (_, descriptor, size) =>
        reported(descriptor.setSize(size)),
      ),
      "[method]descriptor.set-times": blocking(
        [self, newTimestamp, newTimestamp],
        unit,
        (_, descriptor, accessed, modified) => reported(descriptor.setTimes(timeOf(accessed), timeOf(modified))),
      ),
      "[method]descriptor.stat": blocking([self], stat, (_, descriptor) =>
        reported(mapped(descriptor.stat(), statValue)),
      ),
      "[method]descriptor.is-same-object": blocking([self, self], returns(bool), (_, descriptor, other) =>
        descriptor.isSameObject(other),
      ),
      "[method]descriptor.metadata-hash": blocking([self], hash, ({ world }, descriptor) =>
        reported(mapped(descriptor.stat(), (found) => hashOf(found, world))),
      ),
    };
  }

  function directoryMethods(): Interface["functions"] {
    return {
      "[method]descriptor.create-directory-at": blocking([self, pathText], unit, (_, descriptor, path) =>
        reported(descriptor.createDirectoryAt(path)),
      ),
      "[method]descriptor.stat-at": blocking([self, pathFlags, pathText], stat, (_, descriptor, how, path) =>
        reported(mapped(descriptor.statAt(how.symlinkFollow, path), statValue)),
      ),
      "[method]descriptor.set-times-at": blocking(
        [self, pathFlags, pathText, newTimestamp, newTimestamp],
        unit,
        (_, descriptor, how, path, accessed, modified) =>
          reported(descriptor.setTimesAt(how.symlinkFollow, path, timeOf(accessed), timeOf(modified))),
      ),
      "[method]descriptor.link-at": blocking(
        [self, pathFlags, pathText, self, pathText],
        unit,
        (_, descriptor, how, path, to, toPath) => reported(descriptor.linkAt(how.symlinkFollow, path, to, toPath)),
      ),
      "[method]descriptor.open-at": blocking(
        [self, pathFlags, pathText, openFlags, descriptorFlags],
        fileResult(own(DESCRIPTOR)),
        (instance, descriptor, how, path, open, wanted) =>
          reported(
            mapped(descriptor.openAt(how.symlinkFollow, path, open, openedFor(open, wanted)), (opened) =>
              addDescriptor(instance, opened),
            ),
          ),
      ),
      "[method]descriptor.readlink-at": blocking([self, pathText], fileResult(string), (_, descriptor, path) =>
        reported(descriptor.readLinkAt(path)),
      ),
      "[method]descriptor.remove-directory-at": blocking([self, pathText], unit, (_, descriptor, path) =>
        reported(descriptor.removeDirectoryAt(path)),
      ),
      "[method]descriptor.rename-at": blocking(
        [self, pathText, self, pathText],
        unit,
        (_, descriptor, path, to, toPath) => reported(descriptor.renameAt(path, to, toPath)),
      ),
      "[method]descriptor.symlink-at": blocking([self, pathText, pathText], unit, (_, descriptor, target, path) =>
        reported(descriptor.symlinkAt(target, path)),
      ),
      "[method]descriptor.unlink-file-at": blocking([self, pathText], unit, (_, descriptor, path) =>
        reported(descriptor.unlinkFileAt(path)),
      ),
      "[method]descriptor.metadata-hash-at": blocking(
        [self, pathFlags, pathText],
        hash,
        ({ world }, descriptor, how, path) =>
          reported(mapped(descriptor.statAt(how.symlinkFollow, path), (found) => hashOf(found, world))),
      ),
    };
  }
}

const readWriteMethods = (): Interface["functions"] => ({
  "[method]descriptor.read": blocking(
    [self, length, length],
    p2Result(tuple(bytes, bool)),
    ({ world }, descriptor, max, at) => reported(descriptor.read(Math.min(max, world.limits.readBytes), at)),
  ),
  "[method]descriptor.write": blocking(
    [self, bytes, length],
    p2Result(length),
    ({ world, task }, descriptor, contents, at) => {
      const part = contents.subarray(0, world.limits.writeBytes);
      task.countBytes(part.length);
      return reported(descriptor.write(part, at));
    },
  ),
  "[method]descriptor.read-directory": blocking([self], p2Result(own(DIRECTORY_ENTRY_STREAM)), (instance, descriptor) =>
    reported(mapped(descriptor.entries(), (entries) => addListing(instance, entries))),
  ),
});

const otherFunctions = (): Interface["functions"] => ({
  "[method]directory-entry-stream.read-directory-entry": call(
    [borrow(DIRECTORY_ENTRY_STREAM)],
    p2Result(option(record({ type: p2FileType, name: string }))),
    (_, entries) => {
      const step = entries.next();
      if (step.done === true) return undefined;
      const { name: text, type } = step.value;
      // The others can still be read.
      if (text === null) throw new FilesystemError("illegal-byte-sequence", "a name is no UTF-8");
      return { name: text, type };
    },
  ),
  "filesystem-error-code": call([borrow(ERROR)], returns(option(errorCode)), (_, error) => errorCodeOf(error.cause)),
});

/** @see WASI 0.2 `wasi:filesystem/types` */
export const types: Interface = defineInterface(
  "wasi:filesystem/types",
  () => ({
    ...streamMethods(),
    ...descriptorMethods({
      fileResult: p2Result,
      fileType: p2FileType,
      datetime: p2Datetime,
      datetimeOf: p2DatetimeOf,
      flagsOf: ({ flags: given }) => given,
      openedFor: (_, wanted) => wanted,
    }),
    ...readWriteMethods(),
    ...otherFunctions(),
  }),
  [DESCRIPTOR, DIRECTORY_ENTRY_STREAM],
);

function* atOnce<T>(action: () => T): Steps<T> {
  return action();
}

function* mapped<T, U>(steps: Steps<T>, action: (value: T) => U): Steps<U> {
  return action(yield* steps);
}

type NewTimestamp = { readonly tag: "no-change" | "now" } | { readonly tag: "timestamp"; readonly val: Datetime };

function timeOf(time: NewTimestamp): NewTime {
  if (time.tag !== "timestamp") return time.tag === "now" ? "now" : "keep";
  return time.val.seconds * 1_000_000_000n + BigInt(time.val.nanoseconds);
}

/** A time before 1970 has no form. */
function p2DatetimeOf(ns: bigint | undefined): Datetime | undefined {
  if (ns === undefined || ns < 0n) return undefined;
  return { seconds: ns / 1_000_000_000n, nanoseconds: Number(ns % 1_000_000_000n) };
}

/** The same for the same object, and nothing that says which one that is: the seed is the instance's own. */
function hashOf({ device, inode }: FileStat, world: World): { readonly lower: bigint; readonly upper: bigint } {
  const [seed, otherSeed] = world.insecureSeed();
  const one = mixed(seed ^ mixed(device) ^ inode);
  return { lower: one, upper: mixed(otherSeed ^ one ^ mixed(inode)) };
}

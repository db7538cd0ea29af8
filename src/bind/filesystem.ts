/** `wasi:filesystem` 0.2, as a guest calls it. */
import { InputStream } from "../io/input-stream.ts";
import { Outlet } from "../io/outlet.ts";
import { OutputStream } from "../io/output-stream.ts";
import type { Steps } from "../io/steps.ts";
import { newTally } from "../io/tally.ts";
import type { Datetime } from "../wasi/clocks.ts";
import { Descriptor, FilesystemError, reported } from "../wasi/descriptor.ts";
import { ERROR_CODES, errorCodeOf, type ErrorCode } from "../wasi/error-code.ts";
import { FILE_TYPES, type DirectoryEntry, type FileStat, type NewTime } from "../wasi/files.ts";
import { mixed } from "../wasi/random.ts";
import type { World } from "../wasi/world.ts";
import {
  bool,
  borrow,
  bytes,
  enumeration,
  flags,
  length,
  list,
  option,
  own,
  record,
  result,
  returns,
  string,
  tuple,
  u32,
  u64,
  variant,
  type Returns,
  type Type,
} from "./abi.ts";
import { bind, blocking, call, functions, resourceClass, type Definitions } from "./func.ts";
import type { Instance } from "./instance.ts";
import { ERROR, addInputStream, addOutputStream } from "./io.ts";
import type { Entry, Kind } from "./resources.ts";

const DESCRIPTOR: Kind<Descriptor> = { name: "descriptor" };
const DIRECTORY_ENTRY_STREAM: Kind<Iterator<DirectoryEntry>> = { name: "directory-entry-stream" };

const errorCode = enumeration(...ERROR_CODES);
const fileType = enumeration(...FILE_TYPES);
const datetime = record({ seconds: u64, nanoseconds: u32 });
const newTimestamp = variant({ "no-change": null, now: null, timestamp: datetime });
const pathFlags = flags("symlinkFollow");
const openFlags = flags("create", "directory", "exclusive", "truncate");
const descriptorFlags = flags(
  "read",
  "write",
  "fileIntegritySync",
  "dataIntegritySync",
  "requestedWriteSync",
  "mutateDirectory",
);
const advice = enumeration("normal", "sequential", "random", "will-need", "dont-need", "no-reuse");
const hashValue = record({ lower: u64, upper: u64 });
const descriptorStat = record({
  type: fileType,
  linkCount: u64,
  size: u64,
  dataAccessTimestamp: option(datetime),
  dataModificationTimestamp: option(datetime),
  statusChangeTimestamp: option(datetime),
});

/** `result<T, error-code>`. */
function fileResult<Out>(ok: Type<unknown, Out> | null): Returns<Out> {
  // Thrown by `reported`, and only by it: see FilesystemError.
  return result(ok, errorCode, (payload) => payload as ErrorCode);
}

/** @see WASI 0.2 `wasi:filesystem/preopens` */
export function preopens(instance: Instance, world: World): Record<string, unknown> {
  return functions(instance, {
    getDirectories: () =>
      call("wasi:filesystem/preopens#get-directories", [], returns(list(tuple(own, string))), () =>
        world.preopens.map(({ path, directory, readOnly }): [Entry, string] => {
          directory.share();
          return [addDescriptor(instance, world, Descriptor.preopen(directory, readOnly)), path];
        }),
      ),
  });
}

/** @see WASI 0.2 `wasi:filesystem/types` */
export function types(instance: Instance, world: World): Record<string, unknown> {
  return {
    Descriptor: resourceClass(instance, DESCRIPTOR, {
      ...streamMethods(instance, world),
      ...objectMethods(world),
      ...directoryMethods(instance, world),
    }),
    DirectoryEntryStream: resourceClass(instance, DIRECTORY_ENTRY_STREAM, {
      readDirectoryEntry: () =>
        call(
          "wasi:filesystem/types#[method]directory-entry-stream.read-directory-entry",
          [borrow(DIRECTORY_ENTRY_STREAM)],
          fileResult(option(record({ type: fileType, name: string }))),
          (entries) => {
            const step = entries.next();
            if (step.done === true) return undefined;
            const { name: text, type } = step.value;
            // The others can still be read.
            if (text === null) throw new FilesystemError("illegal-byte-sequence", "a name is no UTF-8");
            return { name: text, type };
          },
        ),
    }),
    filesystemErrorCode: bind(
      instance,
      call("wasi:filesystem/types#filesystem-error-code", [borrow(ERROR)], returns(option(errorCode)), (error) =>
        errorCodeOf(error.cause),
      ),
      false,
    ),
  };
}

const self = borrow(DESCRIPTOR);

function name(method: string): string {
  return `wasi:filesystem/types#[method]descriptor.${method}`;
}

function addDescriptor(instance: Instance, world: World, descriptor: Descriptor): Entry {
  const release = holdOpen(instance, world, () => descriptor.drop());
  return instance.resources.add(DESCRIPTOR, descriptor, release);
}

/** Counts something open, and closes it at once if that is one too many. Gives what closes it. */
function holdOpen(instance: Instance, world: World, close: () => void): () => void {
  try {
    const release = instance.openFile(world.limits.openFiles);
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
function streamMethods(instance: Instance, world: World): Definitions {
  const { limits, permits } = world;
  const held = (close: () => void): (() => void) => holdOpen(instance, world, close);
  function input(descriptor: Descriptor, at: number): Entry {
    const source = descriptor.readStream(at);
    const release = held(() => source.close());
    return addInputStream(instance, new InputStream(source, limits.readBytes, newTally(), release));
  }
  function output(descriptor: Descriptor, at: number | "end"): Entry {
    const sink = descriptor.writeStream(at);
    const release = held(() => sink.close());
    const outlet = new Outlet(sink, limits.bufferBytes);
    instance.outlets.add(outlet);
    const stream = new OutputStream(outlet, permits, () => {
      void outlet.finish().finally(() => {
        instance.outlets.delete(outlet);
        release();
      });
    });
    return addOutputStream(instance, stream);
  }
  return {
    readViaStream: () =>
      blocking(name("read-via-stream"), [self, length], fileResult(own), (descriptor, at) =>
        reported(atOnce(() => input(descriptor, at))),
      ),
    writeViaStream: () =>
      blocking(name("write-via-stream"), [self, length], fileResult(own), (descriptor, at) =>
        reported(atOnce(() => output(descriptor, at))),
      ),
    appendViaStream: () =>
      blocking(name("append-via-stream"), [self], fileResult(own), (descriptor) =>
        reported(atOnce(() => output(descriptor, "end"))),
      ),
  };
}

function objectMethods(world: World): Definitions {
  const { limits } = world;
  return {
    advise: () =>
      blocking(name("advise"), [self, length, length, advice], fileResult<void>(null), (descriptor) =>
        // Advice is free to be ignored, but not on a directory.
        reported(descriptor.assertFile()),
      ),
    syncData: () =>
      blocking(name("sync-data"), [self], fileResult<void>(null), (descriptor) => reported(descriptor.syncData())),
    sync: () => blocking(name("sync"), [self], fileResult<void>(null), (descriptor) => reported(descriptor.sync())),
    getFlags: () =>
      blocking(name("get-flags"), [self], fileResult(descriptorFlags), (descriptor) =>
        reported(atOnce(() => descriptor.flags)),
      ),
    getType: () =>
      blocking(name("get-type"), [self], fileResult(fileType), (descriptor) => reported(descriptor.type())),
    setSize: () =>
      blocking(name("set-size"), [self, length], fileResult<void>(null), (descriptor, size) =>
        reported(descriptor.setSize(size)),
      ),
    setTimes: () =>
      blocking(
        name("set-times"),
        [self, newTimestamp, newTimestamp],
        fileResult<void>(null),
        (descriptor, accessed, modified) => reported(descriptor.setTimes(timeOf(accessed), timeOf(modified))),
      ),
    read: () =>
      blocking(name("read"), [self, length, length], fileResult(tuple(bytes, bool)), (descriptor, max, at) =>
        reported(descriptor.read(Math.min(max, limits.readBytes), at)),
      ),
    write: () =>
      blocking(name("write"), [self, bytes, length], fileResult(length), (descriptor, contents, at) =>
        reported(descriptor.write(contents, at)),
      ),
    stat: () =>
      blocking(name("stat"), [self], fileResult(descriptorStat), (descriptor) =>
        reported(mapped(descriptor.stat(), statValue)),
      ),
    isSameObject: () =>
      blocking(name("is-same-object"), [self, self], returns(bool), (descriptor, other) =>
        descriptor.isSameObject(other),
      ),
    metadataHash: () =>
      blocking(name("metadata-hash"), [self], fileResult(hashValue), (descriptor) =>
        reported(mapped(descriptor.stat(), (stat) => hashOf(stat, world))),
      ),
  };
}

function directoryMethods(instance: Instance, world: World): Definitions {
  const unit = fileResult<void>(null);
  return {
    readDirectory: () =>
      blocking(name("read-directory"), [self], fileResult(own), (descriptor) =>
        reported(
          mapped(descriptor.entries(), (entries) => instance.resources.add(DIRECTORY_ENTRY_STREAM, entries.values())),
        ),
      ),
    createDirectoryAt: () =>
      blocking(name("create-directory-at"), [self, string], unit, (descriptor, path) =>
        reported(descriptor.createDirectoryAt(path)),
      ),
    statAt: () =>
      blocking(name("stat-at"), [self, pathFlags, string], fileResult(descriptorStat), (descriptor, how, path) =>
        reported(mapped(descriptor.statAt(how.symlinkFollow, path), statValue)),
      ),
    setTimesAt: () =>
      blocking(
        name("set-times-at"),
        [self, pathFlags, string, newTimestamp, newTimestamp],
        unit,
        (descriptor, how, path, accessed, modified) =>
          reported(descriptor.setTimesAt(how.symlinkFollow, path, timeOf(accessed), timeOf(modified))),
      ),
    linkAt: () =>
      blocking(name("link-at"), [self, pathFlags, string, self, string], unit, (descriptor, how, path, to, toPath) =>
        reported(descriptor.linkAt(how.symlinkFollow, path, to, toPath)),
      ),
    openAt: () =>
      blocking(
        name("open-at"),
        [self, pathFlags, string, openFlags, descriptorFlags],
        fileResult(own),
        (descriptor, how, path, open, wanted) =>
          reported(
            mapped(descriptor.openAt(how.symlinkFollow, path, open, wanted), (opened) =>
              addDescriptor(instance, world, opened),
            ),
          ),
      ),
    readlinkAt: () =>
      blocking(name("readlink-at"), [self, string], fileResult(string), (descriptor, path) =>
        reported(descriptor.readLinkAt(path)),
      ),
    removeDirectoryAt: () =>
      blocking(name("remove-directory-at"), [self, string], unit, (descriptor, path) =>
        reported(descriptor.removeDirectoryAt(path)),
      ),
    renameAt: () =>
      blocking(name("rename-at"), [self, string, self, string], unit, (descriptor, path, to, toPath) =>
        reported(descriptor.renameAt(path, to, toPath)),
      ),
    symlinkAt: () =>
      blocking(name("symlink-at"), [self, string, string], unit, (descriptor, target, path) =>
        reported(descriptor.symlinkAt(target, path)),
      ),
    unlinkFileAt: () =>
      blocking(name("unlink-file-at"), [self, string], unit, (descriptor, path) =>
        reported(descriptor.unlinkFileAt(path)),
      ),
    metadataHashAt: () =>
      blocking(name("metadata-hash-at"), [self, pathFlags, string], fileResult(hashValue), (descriptor, how, path) =>
        reported(mapped(descriptor.statAt(how.symlinkFollow, path), (stat) => hashOf(stat, world))),
      ),
  };
}

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

/** A time before 1970 has no form in WASI, and is left out. */
function datetimeOf(ns: bigint | undefined): Datetime | undefined {
  if (ns === undefined || ns < 0n) return undefined;
  return { seconds: ns / 1_000_000_000n, nanoseconds: Number(ns % 1_000_000_000n) };
}

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

/** The same for the same object, and nothing that says which one that is: the seed is the instance's own. */
function hashOf({ device, inode }: FileStat, world: World): { readonly lower: bigint; readonly upper: bigint } {
  const [seed, otherSeed] = world.insecureSeed();
  const one = mixed(seed ^ mixed(device) ^ inode);
  return { lower: one, upper: mixed(otherSeed ^ one ^ mixed(inode)) };
}

/** The files of one guest, whose bytes pass valves: one for all that it reads of a path, and one for all that it writes. */
import type { DirectoryEntry, FileLevel, FileStat, Later, NewTime, OpenDirectory, OpenFile, OpenOptions } from "sluice";
import type { FileFrame } from "../protocol.ts";
import { Valve } from "./valve.ts";

/** One way of the bytes of a path. */
interface Way {
  readonly valve: Valve;
  readonly path: string;
  readonly isWritten: boolean;
  /** Those that were opened last. */
  file: OpenFile | undefined;
  sizeBytes: number;
  /** Bytes that have left their stream, and wait to be written. */
  waitingBytes: number;
  position: number;
}

export class SlowFiles {
  readonly #rate: number;
  readonly #ways = new Map<string, Way>();

  /** @param rate Of valves that nobody has moved. */
  constructor(rate: number) {
    this.#rate = rate;
  }

  get valves(): readonly Valve[] {
    return [...this.#ways.values()].map(({ valve }) => valve);
  }

  /** All that is opened from here on passes. */
  root(directory: OpenDirectory): OpenDirectory {
    return new SlowDirectory(directory, "", this);
  }

  /** @param levels Of the instance that has these files. */
  frames(guest: number, levels: readonly FileLevel[], bufferBytes: number): FileFrame[] {
    return [...this.#ways.values()].map(
      ({ valve, path, isWritten, file, sizeBytes, waitingBytes, position }, index) => {
        const shared = { guest, index, path, isWritten, passedBytes: valve.passedBytes };
        if (!isWritten) {
          const left = Math.max(0, sizeBytes - position);
          return {
            ...shared,
            state: file && left > 0 ? "open" : "closed",
            bufferedBytes: left,
            capacityBytes: Math.max(1, sizeBytes),
            permittedBytes: 0,
            writerWaits: false,
            readerWaits: valve.isAwaited,
            writtenBytes: sizeBytes,
          };
        }
        const level = levels.find((one) => one.file === file);
        // The next one will be open, and empty.
        const { state = "open", permittedBytes = bufferBytes, isAwaited = false } = level ?? {};
        const held = (level?.bufferedBytes ?? 0) + waitingBytes;
        return {
          ...shared,
          state,
          bufferedBytes: held,
          capacityBytes: Math.max(bufferBytes, held),
          permittedBytes,
          writerWaits: isAwaited || valve.isAwaited,
          readerWaits: false,
          writtenBytes: valve.passedBytes + held,
        };
      },
    );
  }

  /** The way of what is read or written of a path. */
  way(path: string, isWritten: boolean, file: OpenFile): Way {
    const key = `${path}\n${isWritten}`;
    let way = this.#ways.get(key);
    if (!way) {
      way = { valve: new Valve(this.#rate), path, isWritten, file, sizeBytes: 0, waitingBytes: 0, position: 0 };
      this.#ways.set(key, way);
    }
    way.file = file;
    return way;
  }
}

/** What is passed on as it is, of a file and of a directory. */
class SlowNode<T extends OpenFile | OpenDirectory> {
  protected readonly inner: T;
  protected readonly path: string;
  protected readonly files: SlowFiles;

  constructor(inner: T, path: string, files: SlowFiles) {
    this.inner = inner;
    this.path = path;
    this.files = files;
  }

  stat(): Later<FileStat> {
    return this.inner.stat();
  }

  setTimes(accessed: NewTime, modified: NewTime): Later<void> {
    return this.inner.setTimes(accessed, modified);
  }

  sync(): Later<void> {
    return this.inner.sync();
  }

  syncData(): Later<void> {
    return this.inner.syncData();
  }

  close(): void {
    this.inner.close();
  }
}

class SlowFile extends SlowNode<OpenFile> implements OpenFile {
  readonly kind = "file";

  read(into: Uint8Array, at: number): Later<number> {
    const way = this.files.way(this.path, false, this);
    const stat = this.inner.stat();
    if (!(stat instanceof Promise)) way.sizeBytes = Number(stat.size);
    const done = (count: number): number => {
      way.valve.passed(count);
      way.position = at + count;
      return count;
    };
    // Nothing is let through of what is at its end.
    if (at >= way.sizeBytes) return after(this.inner.read(into, at), done);
    return after(way.valve.ask(into.length), (most) => after(this.inner.read(into.subarray(0, most), at), done));
  }

  write(bytes: Uint8Array, at: number): Later<number> {
    return this.#put(bytes, (some) => this.inner.write(some, at));
  }

  append(bytes: Uint8Array): Later<number> {
    return this.#put(bytes, (some) => this.inner.append(some));
  }

  #put(bytes: Uint8Array, put: (some: Uint8Array) => Later<number>): Later<number> {
    const way = this.files.way(this.path, true, this);
    const { valve } = way;
    const most = valve.ask(bytes.length);
    // Who gave them may use them again.
    const kept = most instanceof Promise ? bytes.slice() : bytes;
    way.waitingBytes = bytes.length;
    return after(most, (count) =>
      after(put(kept.subarray(0, count)), (written) => {
        valve.passed(written);
        way.waitingBytes = bytes.length - written;
        return written;
      }),
    );
  }

  setSize(size: number): Later<void> {
    return this.inner.setSize(size);
  }
}

class SlowDirectory extends SlowNode<OpenDirectory> implements OpenDirectory {
  readonly kind = "directory";

  openSelf(): Later<OpenDirectory> {
    return after(this.inner.openSelf(), (opened) => new SlowDirectory(opened, this.path, this.files));
  }

  openDirectoryAt(name: string): Later<OpenDirectory> {
    return after(this.inner.openDirectoryAt(name), (opened) => this.#directory(opened, name));
  }

  openAt(name: string, options: OpenOptions): Later<OpenFile | OpenDirectory> {
    return after(this.inner.openAt(name, options), (opened) =>
      opened.kind === "directory"
        ? this.#directory(opened, name)
        : new SlowFile(opened, `${this.path}/${name}`, this.files),
    );
  }

  #directory(opened: OpenDirectory, name: string): OpenDirectory {
    return new SlowDirectory(opened, `${this.path}/${name}`, this.files);
  }

  entries(): Later<readonly DirectoryEntry[]> {
    return this.inner.entries();
  }

  statAt(name: string): Later<FileStat> {
    return this.inner.statAt(name);
  }

  setTimesAt(name: string, accessed: NewTime, modified: NewTime): Later<void> {
    return this.inner.setTimesAt(name, accessed, modified);
  }

  createDirectoryAt(name: string): Later<void> {
    return this.inner.createDirectoryAt(name);
  }

  removeDirectoryAt(name: string): Later<void> {
    return this.inner.removeDirectoryAt(name);
  }

  unlinkAt(name: string): Later<void> {
    return this.inner.unlinkAt(name);
  }

  readLinkAt(name: string): Later<string> {
    return this.inner.readLinkAt(name);
  }

  symlinkAt(name: string, target: string): Later<void> {
    return this.inner.symlinkAt(name, target);
  }

  linkAt(name: string, to: OpenDirectory, toName: string): Later<void> {
    return this.inner.linkAt(name, SlowDirectory.innerOf(to), toName);
  }

  renameAt(name: string, to: OpenDirectory, toName: string): Later<void> {
    return this.inner.renameAt(name, SlowDirectory.innerOf(to), toName);
  }

  /** What the files themselves know. */
  static innerOf(directory: OpenDirectory): OpenDirectory {
    return directory instanceof SlowDirectory ? directory.inner : directory;
  }
}

/** Goes on with a value, at once if it is there. */
function after<T, U>(value: Later<T>, goOn: (value: T) => Later<U>): Later<U> {
  return value instanceof Promise ? value.then((settled) => goOn(settled)) : goOn(value);
}

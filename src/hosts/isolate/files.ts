/** Open directories of one thread, as those of another. */
import { Unheard } from "../../io/unheard.ts";
import {
  FileError,
  type DirectoryEntry,
  type FileStat,
  type NewTime,
  type OpenDirectory,
  type OpenFile,
  type OpenNode,
  type OpenOptions,
} from "../../wasi/filesystem/files.ts";
import type { Link } from "./link.ts";

/** What is open, on its way. */
export interface WireNode {
  readonly number: number;
  readonly kind: "file" | "directory";
}

/** What a thread has open for another. */
export class OpenNodes {
  readonly #nodes = new Map<number, OpenFile | OpenDirectory>();
  /** The other thread waits for no close. */
  readonly #unheard = new Unheard();
  #last = 0;
  #isOver = false;

  add(node: OpenFile | OpenDirectory): WireNode {
    this.#nodes.set(++this.#last, node);
    return { number: this.#last, kind: node.kind };
  }

  /** Answers a call of the other thread's, on what it was given before. */
  async call(number: number, method: string, args: readonly unknown[]): Promise<unknown> {
    const node = this.#nodes.get(number);
    if (!node) throw new Error(`Nothing is open under ${number}`);
    if (method === "close") {
      this.#nodes.delete(number);
      this.#unheard.call("close", () => node.close());
      return undefined;
    }
    if (node.kind === "file" && method === "read") return read(node, args);
    // The methods of the port, which are called as the port says.
    const methods = node as unknown as Readonly<Record<string, (...args: readonly unknown[]) => unknown>>;
    const result = await methods[method]?.(...args.map((arg) => this.#local(arg)));
    if (!isNode(result)) return result;
    if (!this.#isOver) return this.add(result);
    this.#unheard.call("close", () => result.close());
    throw new FileError("EBADF", "the instance that opened it is over");
  }

  /** Closes what the other thread has left open, now and when it comes. @throws {InternalError} What a close has thrown, this one or one before. */
  closeAll(): void {
    this.#isOver = true;
    const nodes = [...this.#nodes.values()];
    this.#nodes.clear();
    for (const node of nodes) this.#unheard.call("close", () => node.close());
    this.#unheard.tell();
  }

  #local(value: unknown): unknown {
    return isWire(value) ? this.#nodes.get(value.number) : value;
  }
}

/** Into bytes of this thread's own. */
async function read(file: OpenFile, [length, at]: readonly unknown[]): Promise<Uint8Array> {
  const into = new Uint8Array(Number(length));
  return into.subarray(0, await file.read(into, Number(at)));
}

/** Whether a value says that it is what a file system has open. */
function isNode(value: unknown): value is OpenFile | OpenDirectory {
  return typeof value === "object" && value !== null && "kind" in value && "syncData" in value;
}

function isWire(value: unknown): value is WireNode {
  return typeof value === "object" && value !== null && "number" in value && "kind" in value;
}

abstract class RemoteNode implements OpenNode {
  readonly #link: Link;
  readonly wire: WireNode;

  constructor(link: Link, wire: WireNode) {
    this.#link = link;
    this.wire = wire;
  }

  stat(): Promise<FileStat> {
    return this.call("stat");
  }

  setTimes(accessed: NewTime, modified: NewTime): Promise<void> {
    return this.call("setTimes", accessed, modified);
  }

  sync(): Promise<void> {
    return this.call("sync");
  }

  syncData(): Promise<void> {
    return this.call("syncData");
  }

  close(): void {
    this.#link.tell("file", this.wire.number, "close", []);
  }

  /** What the other thread gives is what its port says. */
  protected call<T>(method: string, ...args: readonly unknown[]): Promise<T> {
    return this.#link.call("file", this.wire.number, method, args) as Promise<T>;
  }

  protected async open(method: string, ...args: readonly unknown[]): Promise<OpenFile | OpenDirectory> {
    return remoteNode(this.#link, await this.call<WireNode>(method, ...args));
  }
}

class RemoteFile extends RemoteNode implements OpenFile {
  readonly kind = "file";

  async read(into: Uint8Array, at: number): Promise<number> {
    const bytes = await this.call<Uint8Array>("read", into.length, at);
    into.set(bytes);
    return bytes.length;
  }

  write(bytes: Uint8Array, at: number): Promise<number> {
    return this.call("write", bytes.slice(), at);
  }

  append(bytes: Uint8Array): Promise<number> {
    return this.call("append", bytes.slice());
  }

  setSize(size: number): Promise<void> {
    return this.call("setSize", size);
  }
}

class RemoteDirectory extends RemoteNode implements OpenDirectory {
  readonly kind = "directory";

  entries(): Promise<readonly DirectoryEntry[]> {
    return this.call("entries");
  }

  openSelf(): Promise<OpenDirectory> {
    return this.#directory("openSelf");
  }

  statAt(name: string): Promise<FileStat> {
    return this.call("statAt", name);
  }

  setTimesAt(name: string, accessed: NewTime, modified: NewTime): Promise<void> {
    return this.call("setTimesAt", name, accessed, modified);
  }

  openDirectoryAt(name: string): Promise<OpenDirectory> {
    return this.#directory("openDirectoryAt", name);
  }

  openAt(name: string, options: OpenOptions): Promise<OpenFile | OpenDirectory> {
    return this.open("openAt", name, options);
  }

  createDirectoryAt(name: string): Promise<void> {
    return this.call("createDirectoryAt", name);
  }

  removeDirectoryAt(name: string): Promise<void> {
    return this.call("removeDirectoryAt", name);
  }

  unlinkAt(name: string): Promise<void> {
    return this.call("unlinkAt", name);
  }

  readLinkAt(name: string): Promise<string> {
    return this.call("readLinkAt", name);
  }

  symlinkAt(name: string, target: string): Promise<void> {
    return this.call("symlinkAt", name, target);
  }

  linkAt(name: string, to: OpenDirectory, toName: string): Promise<void> {
    return this.call("linkAt", name, wireOf(to), toName);
  }

  renameAt(name: string, to: OpenDirectory, toName: string): Promise<void> {
    return this.call("renameAt", name, wireOf(to), toName);
  }

  async #directory(method: string, ...args: readonly unknown[]): Promise<OpenDirectory> {
    // By the port, what these open is one.
    return (await this.open(method, ...args)) as OpenDirectory;
  }
}

/** What is open in the other thread. */
export function remoteNode(link: Link, wire: WireNode): OpenFile | OpenDirectory {
  return wire.kind === "file" ? new RemoteFile(link, wire) : new RemoteDirectory(link, wire);
}

/** What the other thread knows `directory` by. @throws EXDEV for one of this thread. */
function wireOf(directory: OpenDirectory): WireNode {
  if (directory instanceof RemoteDirectory) return directory.wire;
  throw new FileError("EXDEV", "the two directories are of different file systems");
}

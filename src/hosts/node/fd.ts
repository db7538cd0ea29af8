/**
 * File descriptors as sources and sinks, for standard input and output: files, pipes, sockets, terminals.
 *
 * Files and devices are read and written by plain system calls. Everything that can make one wait is opened once more,
 * without blocking, through /proc/self/fd where there is one: the description that we share with other processes stays
 * as it is, a call that can be done at once is one system call, and only when it cannot a stream of Node's waits.
 */
import type { Socket, SocketConstructorOpts } from "node:net";
import { PullSource } from "../../io/pull-source.ts";
import { PendingSink } from "../../io/pending-sink.ts";
import { PeerClosed, type Source } from "../../io/ports.ts";
import { fs } from "./builtins.ts";
import { leave, open, type Opened } from "./fd-open.ts";
import { codeOf, limitStacks, LISTENS, MOST_WRITTEN, retried, wouldBlock } from "./fd-retry.ts";
import { sinkFailure } from "./writable.ts";

const { closeSync, constants, readSync, writeSync } = fs;

/** Handed to Node's stream when the descriptor takes no more: as much as any pipe that is writable takes at once. */
const PROBE_BYTES = 4096;
/**
 * How often a full pipe is tried again at once: a reader on another processor often makes room in the few microseconds
 * that this takes, and a turn of the event loop costs more than that (`npm run bench throughput`).
 */
let eagerTries: number | undefined;
const READ_BYTES = 64 * 1024;
const NONE = new Uint8Array(0);

/**
 * Descriptors of one guest that has the thread to itself. Where it would wait for one of them alone, the thread may
 * block in the system call: that is what such a call is made for, and a turn of the event loop costs several of them
 * (`npm run bench throughput`, rows blocking-write-and-flush).
 */
export class BlockingGroup {
  readonly #sinks: FdSink[] = [];

  add(sink: FdSink): void {
    this.#sinks.push(sink);
  }

  /** Not while the event loop is to deliver something: the other side may wait for that. */
  get mayBlock(): boolean {
    for (const sink of this.#sinks) if (!sink.isQuiet) return false;
    return true;
  }
}

/**
 * Standard input, or any descriptor: does not close `fd` itself. Reads exactly when, and as much as, it is asked for.
 *
 * @param group Missing: reading never blocks the thread.
 */
export function fdSource(fd: number, group?: BlockingGroup): Source {
  const input = new FdInput(fd);
  return new PullSource(
    (max) => input.pull(max),
    () => input.close(),
    group && ((max) => (group.mayBlock ? input.pullBlocking(max) : NONE)),
    (into, waits) => input.pullInto(into, waits && group?.mayBlock === true),
  );
}

class FdInput {
  readonly #fd: number;
  readonly #opened: Opened;
  #buffer: Uint8Array | undefined;
  #stream: Socket | undefined;
  #wanted = 0;
  #settle: { resolve(chunk: Uint8Array | null): void; reject(cause: unknown): void } | undefined;
  #over: { readonly cause: unknown } | "ended" | undefined;
  #released = false;

  constructor(fd: number) {
    this.#fd = fd;
    this.#opened = open(fd, constants.O_RDONLY);
  }

  pull(max: number): Uint8Array | null | Promise<Uint8Array | null> {
    if (this.#over === "ended") return null;
    if (!this.#begin(max)) return this.#pooled();
    const chunk = this.#chunk(this.#opened.fd, max);
    return chunk === undefined ? this.#later() : chunk;
  }

  /** As `pull`, straight into `into` if there is something now, or if it may block until there is. */
  pullInto(into: Uint8Array, blocking: boolean): number | null | Promise<Uint8Array | null> {
    if (this.#over === "ended") return null;
    if (blocking && !this.#over) {
      const count = this.#read(this.#fd, into, into.length);
      // Else somebody has set the descriptor not to block.
      if (count !== undefined) return count;
    }
    if (!this.#begin(into.length)) return this.#pooled();
    const count = this.#read(this.#opened.fd, into, into.length);
    return count === undefined ? this.#later() : count;
  }

  /** Whether a system call can be made that does not block. @throws What it has failed with. */
  #begin(max: number): boolean {
    if (typeof this.#over === "object") throw this.#over.cause;
    this.#wanted = Math.min(max, READ_BYTES);
    if (this.#opened.kind === "file" || this.#opened.own) return true;
    if (!LISTENS) return false;
    // Node's stream is what makes a descriptor that is not our own non-blocking.
    this.#stream ??= this.#listen();
    return true;
  }

  /** Blocks until there is something. Gives nothing if somebody has set the descriptor not to block. */
  pullBlocking(max: number): Uint8Array | null {
    const chunk = this.#over ? undefined : this.#chunk(this.#fd, max);
    return chunk === undefined ? NONE : chunk;
  }

  /** As `#read`, into a buffer of our own: at most `READ_BYTES`. */
  #chunk(fd: number, max: number): Uint8Array | null | undefined {
    const buffer = (this.#buffer ??= new Uint8Array(READ_BYTES));
    const count = this.#read(fd, buffer, Math.min(max, READ_BYTES));
    return typeof count === "number" ? buffer.subarray(0, count) : count;
  }

  /**
   * What a system call puts into `into`, at most `max` bytes: how many, or `null` at the end; `undefined` if it would have to
   * wait and does not.
   */
  #read(fd: number, into: Uint8Array, max: number): number | null | undefined {
    try {
      const count = this.#readOrThrow(fd, into, max);
      if (count === null) this.close();
      return count;
    } catch (error) {
      this.close();
      throw error;
    }
  }

  #readOrThrow(fd: number, into: Uint8Array, max: number): number | null | undefined {
    for (;;) {
      const frames = limitStacks(0);
      try {
        const count = readSync(fd, into, 0, max, null);
        return count === 0 ? null : count;
      } catch (error) {
        if (wouldBlock(error)) return undefined;
        if (codeOf(error) === "EOF") return null;
        // A terminal whose other side is gone.
        if (codeOf(error) === "EIO" && this.#opened.kind === "terminal") return null;
        if (codeOf(error) !== "EINTR") throw error;
      } finally {
        limitStacks(frames);
      }
    }
  }

  close(): void {
    // Closed twice, the second time it would be whatever has got the same number meanwhile.
    if (this.#released) return;
    this.#released = true;
    this.#buffer = undefined;
    if (this.#opened.own) {
      if (this.#stream) this.#stream.destroy();
      else closeSync(this.#opened.fd);
    } else {
      // The process's own descriptor: stop reading it, but leave it open.
      this.#stream?.pause();
      if (this.#stream) leave(this.#stream, this.#opened);
    }
  }

  /** Has a thread of the runtime wait. */
  #pooled(): Promise<Uint8Array | null> {
    const buffer = (this.#buffer ??= new Uint8Array(READ_BYTES));
    return new Promise((resolve, reject) => {
      fs.read(this.#fd, buffer, 0, this.#wanted, null, (error, count) => {
        if (error && wouldBlock(error)) resolve(this.#retry(this.#fd));
        else if (error) reject(error);
        else resolve(count === 0 ? null : buffer.subarray(0, count));
      });
    });
  }

  #retry(fd: number): Promise<Uint8Array | null> {
    return retried(() => (this.#released ? null : this.#chunk(fd, this.#wanted)));
  }

  #later(): Promise<Uint8Array | null> {
    if (!LISTENS) return this.#retry(this.#opened.fd);
    return new Promise((resolve, reject) => {
      this.#settle = { resolve, reject };
      this.#stream ??= this.#listen();
      this.#stream.resume();
    });
  }

  #listen(): Socket {
    const buffer = this.#buffer ?? new Uint8Array(READ_BYTES);
    const { fd, kind, own } = this.#opened;
    const exact = kind === "pipe" && own;
    const onread = {
      // Node takes the next buffer before anybody knows how much will be wanted then: it gets room for one byte, and
      // the rest is read by ourselves. Another process may want what we were not asked for (7.2).
      buffer: () => buffer.subarray(0, exact ? 1 : this.#wanted),
      callback: (count: number) => {
        this.#finish(buffer.subarray(0, exact ? this.#more(buffer, count) : count));
        // Stop here: the next bytes are read when somebody asks for them.
        return false;
      },
    };
    // The declared options of both streams lack some that they take.
    const stream =
      kind === "terminal"
        ? new (process.getBuiltinModule("node:tty").ReadStream)(fd, { onread })
        : new (process.getBuiltinModule("node:net").Socket)({
            fd,
            readable: true,
            writable: false,
            onread,
            pauseOnCreate: true,
          } as SocketConstructorOpts);
    stream.on("end", () => this.#finish(null));
    stream.on("error", (cause) => this.#fail(cause));
    return stream;
  }

  /** Reads on after the first `count` bytes as far as there is something; gives how many there are then. */
  #more(buffer: Uint8Array, count: number): number {
    if (count >= this.#wanted) return count;
    try {
      return count + readSync(this.#opened.fd, buffer, count, this.#wanted - count, null);
    } catch {
      // Nothing more now; if it is worse, the next read says so.
      return count;
    }
  }

  #finish(chunk: Uint8Array | null): void {
    if (chunk === null) {
      this.#over = "ended";
      this.close();
    }
    this.#settle?.resolve(chunk);
    this.#settle = undefined;
  }

  #fail(cause: unknown): void {
    if (codeOf(cause) === "EIO" && this.#opened.kind === "terminal") {
      this.#finish(null);
      return;
    }
    this.#over = { cause };
    this.close();
    this.#settle?.reject(cause);
    this.#settle = undefined;
  }
}

/** Standard output, or any descriptor: does not close `fd` itself. */
export class FdSink extends PendingSink {
  readonly #fd: number;
  readonly #group: BlockingGroup | undefined;
  readonly #opened: Opened;
  #stream: Socket | undefined;
  #released = false;

  /** @param group Missing: writing never blocks the thread. */
  constructor(fd: number, group?: BlockingGroup) {
    super();
    this.#fd = fd;
    this.#group = group;
    group?.add(this);
    this.#opened = open(fd, constants.O_WRONLY);
    if (this.#opened.gone) this.fail(new PeerClosed());
  }

  /** Whether all that it has taken has left. */
  get isQuiet(): boolean {
    return !this.isPending;
  }

  write(bytes: Uint8Array): number {
    if (!this.flush()) return 0;
    if (this.#opened.kind !== "file" && !this.#opened.own) {
      if (!LISTENS) return this.#retry(bytes.subarray(0, PROBE_BYTES));
      // Node's stream is what makes a descriptor that is not our own non-blocking.
      this.#stream ??= this.#openStream();
    }
    const written = this.#write(this.#opened.fd, bytes, 0, true);
    return written === bytes.length ? written : written + this.#later(bytes.subarray(written, written + PROBE_BYTES));
  }

  writeBlocking(bytes: Uint8Array): number {
    if (this.#group?.mayBlock !== true || !this.flush()) return this.write(bytes);
    // A reader that takes all at once is met sooner by trying than by sleeping, but for pieces so small that a pipe holds
    // many of them.
    const tries = bytes.length > PROBE_BYTES && this.#opened.own;
    let written = tries ? this.#write(this.#opened.fd, bytes, 0, true) : 0;
    written = this.#write(this.#fd, bytes, written, false);
    // Somebody has set the descriptor not to block.
    return written === bytes.length ? written : written + this.write(bytes.subarray(written));
  }

  /**
   * Writes what system calls take of `bytes` from `start` on; those of who `isEager` are tried again at once when they would
   * block. Gives where it has come.
   */
  #write(fd: number, bytes: Uint8Array, start: number, isEager: boolean): number {
    let written = start;
    let tried = 0;
    while (written < bytes.length) {
      const frames = limitStacks(0);
      try {
        written += writeSync(fd, bytes, written, Math.min(bytes.length - written, MOST_WRITTEN));
        tried = 0;
      } catch (error) {
        if (wouldBlock(error)) {
          // Asked for when it is needed: most guests never fill a pipe.
          eagerTries ??= process.getBuiltinModule("node:os").availableParallelism() > 1 ? 16 : 0;
          if (!isEager || tried++ === eagerTries) return written;
        } else if (codeOf(error) !== "EINTR") {
          throw sinkFailure(error);
        }
      } finally {
        limitStacks(frames);
      }
    }
    return written;
  }

  close(): void {
    // Closed twice, the second time it would be whatever has got the same number meanwhile.
    if (this.#released) return;
    this.#released = true;
    if (this.#opened.own) {
      if (this.#stream) this.#stream.destroy();
      else closeSync(this.#opened.fd);
    } else if (this.#stream) leave(this.#stream, this.#opened);
  }

  abort(): void {
    this.close();
  }

  /** Lets Node wait until these bytes fit. */
  #later(bytes: Uint8Array): number {
    if (!LISTENS) return this.#retry(bytes);
    this.#stream ??= this.#openStream();
    this.begin();
    this.#stream.write(bytes.slice(), (error) => {
      if (error) this.fail(sinkFailure(error));
      else this.done();
    });
    return bytes.length;
  }

  #retry(bytes: Uint8Array): number {
    const rest = bytes.slice();
    let written = 0;
    this.begin();
    retried(() => {
      if (!this.#released) written = this.#write(this.#opened.fd, rest, written, false);
      return this.#released || written === rest.length ? true : undefined;
    }).then(
      // What is closed is nobody's to write to: its number may be another's by now.
      () => this.#released || this.done(),
      (error: unknown) => this.fail(error),
    );
    return bytes.length;
  }

  #openStream(): Socket {
    const { fd, kind } = this.#opened;
    const stream =
      kind === "terminal"
        ? new (process.getBuiltinModule("node:tty").WriteStream)(fd)
        : new (process.getBuiltinModule("node:net").Socket)({ fd, readable: false, writable: true });
    stream.on("error", (cause) => this.fail(sinkFailure(cause)));
    return stream;
  }
}

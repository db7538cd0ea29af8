/** What a connection of `node:net` receives, as a source. */
import type { Socket } from "node:net";
import { ByteQueue } from "../../../io/byte-queue.ts";
import { none, type Source } from "../../../io/ports.ts";
import { Signal, type Waker } from "../../../io/readiness.ts";
import { fs } from "../builtins.ts";
import { limitStacks, LISTENS, wouldBlock } from "../fd-retry.ts";

const NONE = new Uint8Array(0);
/** A read of Node's. */
const READ_BYTES = 64 * 1024;
/** What nobody has read is no more than this. */
const MOST_BYTES = 2 * READ_BYTES;
const SMALL_BYTES = 1024;
const EDGE = new Uint8Array(1);

let shared: Uint8Array | undefined;

/**
 * Where the system puts what arrives, whichever socket it is for: it is copied from there before anybody else can run. A
 * connection that is idle so has no buffer, and the copy is of bytes that the processor has at hand.
 */
export function landing(): Uint8Array {
  // No Buffer: to slice one of those copies nothing.
  return (shared ??= new Uint8Array(READ_BYTES));
}

/**
 * Bytes that have arrived and that nobody has read. A socket goes on reading while those are `READ_BYTES` at most, since
 * to stop and to start again costs two system calls each time: so they are `MOST_BYTES` at most.
 */
export class Arrivals {
  readonly changed: Signal = new Signal();
  readonly #queue = new ByteQueue();
  /** What has just come and is not copied yet: those who are woken for it may take it from there. These are before all. */
  #landed: Uint8Array = NONE;
  /** What comes alone and is short: a queue would have new memory for each. These are before those of the queue. */
  #small: Uint8Array = NONE;
  #smallStart = 0;
  #smallEnd = 0;
  isStopped = false;
  isUnwanted = false;
  /** The system had a whole `READ_BYTES` when it was last asked, and so may have more. */
  mayHaveMore = false;
  /** How many came that nobody has read, or ever will. */
  forgottenBytes = 0;
  /** Told of more of them. */
  onForgotten: (() => void) | undefined;

  get size(): number {
    return this.#landed.length + this.#smallEnd - this.#smallStart + this.#queue.size;
  }

  /** Copies what nobody takes of `bytes` at once. Says whether the socket goes on reading. */
  take(bytes: Uint8Array): boolean {
    if (this.isUnwanted) {
      this.forgottenBytes += bytes.length;
      this.onForgotten?.();
      return true;
    }
    this.mayHaveMore = bytes.length === READ_BYTES;
    if (this.size === 0 && this.changed.watchers > 0) this.#offer(bytes);
    else {
      this.#put(bytes);
      this.changed.notify();
    }
    this.isStopped = this.#queue.size > READ_BYTES;
    return !this.isStopped;
  }

  /** Has `read` bring more, when there are none. Says whether it has. */
  fill(read: (into: Uint8Array) => number): boolean {
    this.mayHaveMore = false;
    this.#queue.recycle();
    const count = this.#queue.fill(MOST_BYTES, read);
    this.mayHaveMore = count >= READ_BYTES;
    return count > 0;
  }

  /** Gives up to `max` of them, until the next call. */
  give(max: number): Uint8Array {
    if (this.#landed.length > 0) {
      const bytes = this.#landed.subarray(0, max);
      this.#landed = this.#landed.subarray(bytes.length);
      return bytes;
    }
    const start = this.#smallStart;
    if (start < this.#smallEnd) {
      this.#smallStart = Math.min(start + max, this.#smallEnd);
      return this.#small.subarray(start, this.#smallStart);
    }
    this.#queue.recycle();
    const bytes = this.#queue.first(max);
    this.#queue.shift(bytes.length);
    return bytes;
  }

  /** Nobody is going to read. */
  drop(): void {
    if (this.isUnwanted) return;
    this.isUnwanted = true;
    this.forgottenBytes = this.size;
    this.#landed = NONE;
    this.#small = NONE;
    this.#smallStart = 0;
    this.#smallEnd = 0;
    this.#queue.clear();
  }

  #offer(bytes: Uint8Array): void {
    this.#landed = bytes;
    this.changed.notify();
    const left = this.#landed;
    this.#landed = NONE;
    if (left.length > 0) this.#put(left);
  }

  #put(bytes: Uint8Array): void {
    if (bytes.length > SMALL_BYTES || this.size > 0) {
      this.#queue.push(bytes);
      return;
    }
    if (this.#small === NONE) this.#small = new Uint8Array(SMALL_BYTES);
    this.#small.set(bytes);
    this.#smallStart = 0;
    this.#smallEnd = bytes.length;
  }
}

/** What a source needs of its connection. */
interface Connection {
  /** Made when it is first asked for. */
  readonly socket: Socket;
  readonly isHandle: boolean;
  readonly fd: number;
  /** Has it ask for `forget`, unless all of it is closed by then. */
  leave(): void;
}

export class NodeTcpSource implements Source {
  /** Nothing has been asked for while it is missing. */
  #arrivals: Arrivals | undefined;
  readonly #connection: Connection;
  /** Nobody is going to read. */
  isClosed = false;
  #over: "failed" | "ended" | undefined;
  #cause: unknown;
  /** What its end is not: it was no FIN. */
  #failure: { readonly cause: unknown } | undefined;

  constructor(connection: Connection, arrivals?: Arrivals) {
    this.#connection = connection;
    this.#arrivals = arrivals;
  }

  get arrivals(): Arrivals {
    return (this.#arrivals ??= new Arrivals());
  }

  /** Nothing more comes. */
  end(): void {
    if (this.#failure) this.fail(this.#failure.cause);
    this.#over ??= "ended";
    this.arrivals.changed.notify();
  }

  read(max: number): Uint8Array | null {
    if (this.arrivals.size > 0) return this.arrivals.give(max);
    if (this.#over === "failed") {
      this.#over = "ended";
      throw this.#cause;
    }
    if (this.#over) return null;
    return max > 0 && this.#fetch() ? this.arrivals.give(max) : none();
  }

  ready(): boolean {
    return this.arrivals.size > 0 || this.#over !== undefined || this.#fetch();
  }

  watch(waker: Waker): void {
    this.arrivals.changed.watch(waker);
  }

  unwatch(waker: Waker): void {
    this.arrivals.changed.unwatch(waker);
  }

  fail(cause: unknown): void {
    if (this.#over) return;
    this.#over = "failed";
    this.#cause = cause;
    this.arrivals.changed.notify();
  }

  /** What ends after this has failed: the system says only that it has ended. */
  failAtEnd(cause: unknown): void {
    this.#failure ??= { cause };
  }

  /** What still comes is taken and forgotten: the peer may have to send it before it reads what we send. */
  close(): void {
    this.#over = "ended";
    this.isClosed = true;
    const connection = this.#connection;
    // All of it may be let go of at once.
    if (connection.isHandle) connection.leave();
    else this.forget();
  }

  /** Asks the system whether nothing has arrived that nobody has read, of a connection that is still a handle. */
  isAtEdge(): boolean {
    const isMore = this.#ask(() => fs.readSync(this.#connection.fd, EDGE) > 0);
    if (isMore) this.arrivals.take(EDGE);
    return !isMore;
  }

  /** Takes what has arrived, and what still comes, for nobody. */
  forget(): void {
    this.arrivals.drop();
    this.#resume();
  }

  /** Has more come, and says whether it is there. */
  #fetch(): boolean {
    if (this.arrivals.mayHaveMore && this.#readNow()) return true;
    this.#resume();
    return false;
  }

  /**
   * Asks the system, since Node takes a turn, and a suspension of the guest, for each piece that it brings. Done only while each
   * piece is as large as one of Node's can be: what finds nothing throws, which takes longer than such a turn.
   */
  #readNow(): boolean {
    const { fd } = this.#connection;
    // Others have read what they have not told of yet, and this would be before it. At the end there is nothing: Node is told of
    // that too, and tells.
    return LISTENS && fd >= 0 && this.#ask(() => this.arrivals.fill((into) => fs.readSync(fd, into)));
  }

  /** What `read` says, which asks the system; false if there is nothing now. */
  #ask(read: () => boolean): boolean {
    const frames = limitStacks(0);
    try {
      return read();
    } catch (cause) {
      if (!wouldBlock(cause)) this.failAtEnd(cause);
      return false;
    } finally {
      limitStacks(frames);
    }
  }

  /** Has Node read on, if it has been stopped, or has not begun. */
  #resume(): void {
    const { socket } = this.#connection;
    if (!this.arrivals.isStopped) return;
    this.arrivals.isStopped = false;
    socket.resume();
  }
}

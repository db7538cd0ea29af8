import { lending, OutputStream } from "../io/output-stream.ts";
import type { Readiness } from "../io/readiness.ts";
import { hasTwoMemories } from "./engine.ts";
import {
  BYTES,
  CALLS,
  GRANTED,
  HOLDER,
  MOST_STAGED,
  POLLABLE,
  POLLS,
  ROOM,
  STAGED,
  STAGED_BYTES,
  STREAM,
} from "./lease-state.ts";
import type { Task } from "./task.ts";

const NONE = new Uint8Array(0);

/** Not shared with other threads: the code is for the others. */
function isPlainMemory(memory: unknown): boolean {
  return memory instanceof WebAssembly.Memory && memory.buffer instanceof ArrayBuffer;
}

/** The memory of all leases of this thread, of which one at a time is open. */
class Staging {
  holder: Lease | undefined;
  /** Whether a sink is given what was staged: until it has it, nobody else may write there. */
  isClosing = false;
  readonly memory = new WebAssembly.Memory({ initial: 1, maximum: 1 });
  readonly #state: Int32Array = new Int32Array(this.memory.buffer);
  readonly #bytes: Uint8Array = new Uint8Array(this.memory.buffer, BYTES, STAGED_BYTES);

  get(field: number): number {
    return this.#state[field >> 2] ?? 0;
  }

  set(field: number, value: number): void {
    this.#state[field >> 2] = value;
  }

  bytes(count: number): Uint8Array {
    return count === 0 ? NONE : this.#bytes.subarray(0, count);
  }
}

/** Null where the runtime cannot have two memories in one module. */
let staging: Staging | null | undefined;
let leases = 0;

/**
 * Lets WebAssembly answer in place of one output stream, to the component instance that has a handle on it (check-write,
 * small writes, and whether it is ready), until anything else happens. A call into JavaScript from a stack that may be suspended has to change stacks,
 * and costs more than all of that together.
 *
 * While a lease is open its stream lags behind. It is closed, and the stream brought up to date, at any other call of
 * the guest, before anybody looks at a resource of this instance, and no later than the guest's turn ends. Until then
 * staged bytes count as buffered, and what the sink has to say waits. The first write always goes to the stream, so that
 * a sink that takes nothing at all says so at once.
 *
 * Gains 20 of 28 ns for a check-write and 40 of 50 for a write of 64 B: `npm run bench calls`.
 */
export class Lease {
  readonly #number = ++leases;
  readonly #task: Task;
  #isOpen = false;
  /** What it stands for; nothing if that is a pollable that is ready for ever. */
  #stream: OutputStream | undefined;
  #calls = 0;
  #endsWithTurn = false;
  /** The stream that the guest has last asked about, and by what handles of it and of a pollable on it; 0 if by none. */
  #known: OutputStream | undefined;
  #handle = 0;
  #pollable = 0;

  constructor(task: Task) {
    this.#task = task;
  }

  /** What WebAssembly needs to answer in its place; `undefined` where that cannot be. @param memory The guest's. */
  staging(memory: unknown): { readonly memory: object; readonly number: number } | undefined {
    if (staging === undefined) staging = hasTwoMemories() ? new Staging() : null;
    if (!staging || (memory !== undefined && !isPlainMemory(memory))) return undefined;
    return { memory: staging.memory, number: this.#number };
  }

  /** The stream behind `handle` has just granted something: from here on the lease stands for it, if it can. */
  granted(handle: number, stream: OutputStream): void {
    this.#know(stream);
    this.#handle = handle;
    this.#open(stream);
  }

  /**
   * What is behind the handle `pollable` has just been found ready: if it is a stream, the lease stands for that; if it
   * is ready for ever, for the pollable alone.
   */
  ready(pollable: number, readiness: Readiness): void {
    if (readiness instanceof OutputStream) {
      this.#know(readiness);
      this.#pollable = pollable;
      this.#open(readiness);
    } else if (readiness.isSettled === true) this.#openFor(pollable);
  }

  #know(stream: OutputStream): void {
    if (this.#known === stream) return;
    this.#known = stream;
    this.#handle = 0;
    this.#pollable = 0;
  }

  #open(stream: OutputStream): void {
    // A sink that is given staged bytes may let another guest run.
    if (!staging || staging.isClosing) return;
    staging.holder?.close();
    const room = lending.lend(stream);
    if (room === 0) return;
    this.#stream = stream;
    staging.set(STREAM, this.#handle);
    staging.set(POLLABLE, this.#pollable);
    staging.set(ROOM, room);
    staging.set(GRANTED, lending.granted(stream));
    staging.set(MOST_STAGED, lending.hasTaken(stream) ? STAGED_BYTES : 0);
    this.#begin(staging);
  }

  /** Nothing is granted or staged, and no handle of a stream is known. */
  #openFor(pollable: number): void {
    if (!staging || staging.isClosing) return;
    staging.holder?.close();
    staging.set(STREAM, 0);
    staging.set(POLLABLE, pollable);
    staging.set(ROOM, 1);
    staging.set(GRANTED, 0);
    staging.set(MOST_STAGED, 0);
    this.#begin(staging);
  }

  #begin(open: Staging): void {
    open.holder = this;
    this.#isOpen = true;
    this.#calls = this.#task.callsLeft;
    open.set(HOLDER, this.#number);
    open.set(STAGED, 0);
    open.set(CALLS, this.#calls);
    open.set(POLLS, 0);
    if (this.#endsWithTurn) return;
    this.#endsWithTurn = true;
    void Promise.resolve().then(() => {
      this.#endsWithTurn = false;
      this.#end();
    });
  }

  /** Brings the stream up to date that a lease of this thread stands for. Cheap if there is none. Never throws. */
  static closeOpen(this: void): void {
    const holder = staging?.holder;
    if (holder) holder.#end();
  }

  close(): void {
    Lease.closeOpen();
  }

  /** A handle is given up: others may come to mean something else. */
  forget(): void {
    this.close();
    this.#known = undefined;
  }

  #end(): void {
    if (!this.#isOpen || !staging) return;
    const stream = this.#stream;
    this.#isOpen = false;
    this.#stream = undefined;
    staging.holder = undefined;
    staging.set(HOLDER, 0);
    const calls = this.#calls - staging.get(CALLS);
    this.#task.countCalls(calls);
    if (!stream) return;
    staging.isClosing = true;
    const bytes = staging.bytes(staging.get(STAGED));
    lending.catchUp(stream, calls - staging.get(POLLS), staging.get(GRANTED), bytes);
    staging.isClosing = false;
  }
}

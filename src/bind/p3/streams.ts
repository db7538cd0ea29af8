/** `stream` and `future` among the parameters and results of functions of ours, and the ends that we hold. */
import {
  COPY,
  SharedFuture,
  SharedStream,
  type CopyListener,
  type Origin,
  type Shared,
  type Target,
} from "../../abi/copy.ts";
import { elementOf, type Element } from "../../abi/element.ts";
import { giveReadable, takeReadable, type SameElement } from "../../abi/ends.ts";
import { layoutOf } from "../../abi/layout.ts";
import { wrongValue, type AnyType, type Type } from "../../abi/type.ts";
import type { ValType } from "../../abi/types.ts";
import { StreamError } from "../../io/errors.ts";
import { PeerClosed } from "../../io/ports.ts";
import type { Outlet } from "../../io/outlet.ts";
import type { Readiness, Waker } from "../../io/readiness.ts";
import { WAKE_COST, type Driver } from "../../wait/drive.ts";

/** `stream<T>`: the end that is read. What a guest gives is ours then. */
export function stream(element: AnyType): Type<SharedStream, SharedStream> {
  return copied("stream", element, SharedStream);
}

/** `future<T>`, as `stream`. */
export function future(element: AnyType): Type<SharedFuture, SharedFuture> {
  return copied("future", element, SharedFuture);
}

function copied<S extends Shared>(
  kind: "stream" | "future",
  element: AnyType,
  shape: new (element: Element) => S,
): Type<S, S> {
  const wit: ValType = { kind, element: element.wit };
  // That the function is declared with this type has been seen; a handle is of the type that it was made with.
  const same: SameElement = (a, b) => a?.kind === b?.kind;
  const take = (guest: Parameters<Type<S>["load"]>[0], index: number): S => {
    const shared = takeReadable(guest, index, wit, same);
    // Handles of this kind are made for these alone.
    return shared as S;
  };
  const given = (value: unknown): S => (value instanceof shape ? value : wrongValue(`a ${kind}`, value));
  return {
    wit,
    ...layoutOf(wit),
    load: (guest, at) => take(guest, guest.view.getUint32(at, true)),
    lift: (guest, flat) => take(guest, flat.number() >>> 0),
    store: (guest, at, value) => guest.view.setUint32(at, giveReadable(guest, given(value), wit), true),
    lower: (guest, value, into) => void into.push(giveReadable(guest, given(value), wit)),
  };
}

const IGNORE: () => void = () => {};

/** A future that we write. */
export class HostFuture<T> {
  readonly shared: SharedFuture;
  readonly #fail: ((error: unknown) => void) | undefined;
  #isWritten = false;

  /**
   * @param element Missing if the future carries nothing.
   * @param fail Told if a guest that waits for it has no place for it. Missing: whoever writes is.
   * @param follows What we read to the end before we write it, if there is such a stream.
   */
  constructor(element: AnyType | undefined, fail?: (error: unknown) => void, follows?: SharedStream) {
    this.shared = new SharedFuture(elementOf(element));
    this.shared.follows = follows;
    this.#fail = fail;
  }

  /** Once; what comes later is ignored, and so is what nobody reads. */
  write(value: T): void {
    this.give(() => value);
  }

  /** As `write`, of a value that is made when somebody reads it. */
  give(make: () => T): void {
    if (this.#isWritten) return;
    this.#isWritten = true;
    const origin: Origin = {
      remaining: 1,
      owner: undefined,
      bytes: () => undefined,
      values: () => [make()],
      took: IGNORE,
    };
    try {
      this.shared.write(origin, { onCopy: IGNORE, onDone: IGNORE });
    } catch (error) {
      if (!this.#fail) throw error;
      this.#fail(error);
    }
  }
}

/** Reads a future: calls back with its value, or with nothing if nobody will write it. */
export function readFuture(shared: SharedFuture, done: (value: { readonly value: unknown } | undefined) => void): void {
  let value: unknown;
  const target: Target = {
    remaining: 1,
    owner: undefined,
    take(origin) {
      [value] = origin.values(1);
      origin.took(1);
      return 1;
    },
  };
  shared.read(target, {
    onCopy: IGNORE,
    onDone: (result) => {
      // Nobody else needs it.
      if (result === COPY.completed) shared.drop();
      done(result === COPY.completed ? { value } : undefined);
    },
  });
}

/** What a feed takes from: a stream of bytes, or something else with values. */
export interface Supply extends Readiness {
  /** What is there now, at most `max`; nothing means not now. @throws {StreamError} At the end, and if it has failed. */
  read(max: number): Uint8Array | readonly unknown[];
  /** As `read`, of bytes: puts them at the start of `into`, which it does not keep, and says how many. */
  readInto?(into: Uint8Array, waits: boolean): number;
  /** What was read has arrived. */
  took?(): void;
  /** Nobody wants any more of it. */
  drop(): void;
}

/** What a guest reads: an end that takes from a supply when it is asked to. */
export class Feed implements Origin, Waker, CopyListener {
  readonly shared: SharedStream;
  readonly owner: undefined = undefined;
  readonly fill?: (into: Uint8Array, waits: boolean) => number;
  readonly #input: Supply;
  readonly #task: Driver;
  readonly #end: (cause: unknown) => void;
  #outcome: { readonly cause: unknown } | undefined;
  #isWatching = false;
  #isOver = false;

  /**
   * @param element One byte, if `input` has bytes.
   * @param task The reader's: an input that wakes again and again in one turn, and gives nothing, lets others have theirs.
   * @param end Told once when nothing more will come: of the cause if it failed, of nothing else.
   */
  constructor(element: AnyType, input: Supply, task: Driver, end: (cause: unknown) => void) {
    this.shared = new SharedStream(elementOf(element));
    this.#input = input;
    this.#task = task;
    this.#end = end;
    if (input.readInto) this.fill = (into, waits) => this.#readInto(into, waits);
    this.shared.onDrop.push(() => this.#finish());
    this.#offer();
  }

  get remaining(): number {
    return Infinity;
  }

  isReady(): boolean {
    return this.#input.ready();
  }

  bytes(count: number): Uint8Array | undefined {
    if (!this.shared.element.isNumber) return undefined;
    const read = this.#read(count);
    return read instanceof Uint8Array ? read : NONE;
  }

  values(count: number): readonly unknown[] {
    return Array.from<unknown>(this.#read(count));
  }

  took(): void {
    this.#input.took?.();
  }

  /** The guest waits, and there is nothing: or never will be. */
  stalled(): void {
    if (this.#outcome) {
      const { cause } = this.#outcome;
      // Whoever is told that the stream is over may ask why.
      this.#finish();
      this.shared.drop(cause === undefined ? undefined : { cause });
      return;
    }
    if (this.#isWatching || this.#isOver) return;
    this.#isWatching = true;
    this.#input.watch(this);
    // It may have come in between.
    if (this.#input.ready()) void LATER.then(() => this.wake());
  }

  wake(): void {
    if (!this.#isWatching) return;
    this.#unwatch();
    const task = this.#task;
    if (task.isEnded || !task.mustGiveWay(WAKE_COST)) this.#offer();
    else void task.giveWay().then(() => this.#offer(), IGNORE);
  }

  onCopy(): void {}

  onDone(): void {
    // A guest's buffer is full, or it has asked whether there is something: what comes next is for the next one.
    if (!this.shared.isDropped) void LATER.then(() => this.#offer());
  }

  #read(count: number): Uint8Array | readonly unknown[] {
    try {
      return this.#input.read(count);
    } catch (error) {
      this.#ended(error);
      return NONE;
    }
  }

  #readInto(into: Uint8Array, waits: boolean): number {
    try {
      return this.#input.readInto?.(into, waits) ?? 0;
    } catch (error) {
      this.#ended(error);
      return 0;
    }
  }

  /** @throws What is no end of a stream. */
  #ended(error: unknown): void {
    if (!(error instanceof StreamError)) throw error;
    this.#outcome = { cause: error.payload.tag === "closed" ? undefined : error.cause };
  }

  #offer(): void {
    if (this.#isOver || this.shared.isDropped || this.#isWatching) return;
    try {
      this.shared.write(this, this);
    } catch (cause) {
      // A guest that waits has no place for it, or what is behind the supply is at fault: nobody calls who could be told.
      this.#outcome = { cause };
      this.shared.drop();
    }
  }

  #unwatch(): void {
    if (!this.#isWatching) return;
    this.#isWatching = false;
    this.#input.unwatch(this);
  }

  #finish(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#unwatch();
    this.#input.drop();
    this.#end(this.#outcome?.cause);
  }
}

const NONE = new Uint8Array(0);
const LATER: Promise<void> = Promise.resolve();

/** Bytes that go from host to host count as a call for each 4 KiB. */
const BYTES_SHIFT = 12;

/** What a guest writes goes into an outlet, as far as that takes it. So does what it was given to read, and gives there. */
export class Drain implements Target, Waker, CopyListener {
  readonly owner: undefined = undefined;
  readonly #shared: SharedStream;
  readonly #outlet: Outlet;
  readonly #task: Driver;
  readonly #end: (cause: unknown) => void;
  #isWatching = false;
  /** What is next to be counted for the guest: of pieces that no guest writes. */
  #uncounted = 0;
  /** The guest writes no more. */
  #isEnded = false;
  #isOver = false;

  /**
   * @param task The writer's: what goes from host to host, without a call of a guest's, lets others have their turn.
   * @param end Told once when all has left, or has failed: of the cause then, of nothing else.
   */
  constructor(shared: SharedStream, outlet: Outlet, task: Driver, end: (cause: unknown) => void) {
    this.#shared = shared;
    this.#outlet = outlet;
    this.#task = task;
    this.#end = end;
  }

  begin(): void {
    this.#ask();
  }

  get remaining(): number {
    return Infinity;
  }

  isReady(): boolean {
    return this.#outlet.room(0) > 0 || this.#failure() !== undefined;
  }

  take(origin: Origin, count: number): number {
    const room = Math.min(count, this.#outlet.room(0));
    if (room === 0) return this.#tookNone();
    const bytes = origin.bytes(room) ?? Uint8Array.from(origin.values(room) as readonly number[]);
    // The other side is the host's too, and has nothing now.
    if (bytes.length === 0) return 0;
    const { tally } = this.#outlet;
    tally.calls++;
    tally.bytes += bytes.length;
    this.#outlet.accept(bytes, origin.waits);
    // The guest's write is what failed: it has written nothing.
    if (this.#failure()) return this.#tookNone();
    origin.took(bytes.length);
    if (origin.owner === undefined) this.#uncounted = WAKE_COST + (bytes.length >>> BYTES_SHIFT);
    return bytes.length;
  }

  /** If that is so for ever, whoever writes is told: the other side may be the host's too, and have more and more. */
  #tookNone(): 0 {
    const failure = this.#failure();
    if (failure) void LATER.then(() => this.#finish(failure.cause));
    return 0;
  }

  /** There is no room, or never will be. */
  stalled(): void {
    const failure = this.#failure();
    if (failure) return this.#finish(failure.cause);
    this.#watch();
  }

  wake(): void {
    const failure = this.#failure();
    if (failure) return this.#finish(failure.cause);
    if (!this.#isEnded) {
      if (this.#outlet.room(0) === 0) return;
      this.#unwatch();
      this.#ask();
    } else if (this.#outlet.state.tag === "open" && this.#outlet.flushNow()) this.#finish(undefined);
    else this.#outlet.flush();
  }

  onCopy(): void {}

  onDone(result: number): void {
    if (result === COPY.completed) {
      const cost = this.#uncounted;
      this.#uncounted = 0;
      const task = this.#task;
      if (cost === 0 || task.isEnded || !task.mustGiveWay(cost)) void LATER.then(() => this.#ask());
      else void task.giveWay().then(() => this.#ask(), IGNORE);
      return;
    }
    this.#isEnded = true;
    this.#outlet.flush();
    const failure = this.#failure();
    if (failure) this.#finish(failure.cause);
    else if (this.#outlet.state.tag === "open") this.#finish(undefined);
    else this.#watch();
  }

  #ask(): void {
    if (!this.#isOver && !this.#isEnded) this.#shared.read(this, this);
  }

  #failure(): { readonly cause: unknown } | undefined {
    const { state } = this.#outlet;
    if (state.tag === "failed") return { cause: state.cause };
    return state.tag === "closed" ? { cause: new PeerClosed() } : undefined;
  }

  #watch(): void {
    if (this.#isWatching) return;
    this.#isWatching = true;
    this.#outlet.tally.waits++;
    this.#outlet.watch(this);
  }

  #unwatch(): void {
    if (!this.#isWatching) return;
    this.#isWatching = false;
    this.#outlet.unwatch(this);
  }

  #finish(cause: unknown): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#unwatch();
    this.#shared.drop();
    this.#end(cause);
  }
}

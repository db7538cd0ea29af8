/** Streams and futures as JavaScript has them: byte streams as sources, others as iterables, futures as promises. */
import { codecOf } from "../abi/codec.ts";
import {
  COPY,
  SharedFuture,
  SharedStream,
  type CopyListener,
  type Origin,
  type Shared,
  type Target,
} from "../abi/copy.ts";
import { elementOf } from "../abi/element.ts";
import { errorContext, giveReadable, newErrorContext, takeReadable, type SameElement } from "../abi/ends.ts";
import type { CopyBinding, Guest } from "../abi/guest.ts";
import { wrongValue } from "../abi/type.ts";
import { describe, type ValType } from "../abi/types.ts";
import { Feed, HostFuture, readFuture } from "../bind/p3/streams.ts";
import { u8 } from "../abi/scalars.ts";
import { WitError } from "../io/errors.ts";
import { InputStream } from "../io/input-stream.ts";
import type { Source } from "../io/ports.ts";
import { Signal, type Waker } from "../io/readiness.ts";
import { changed } from "../io/steps.ts";
import { newTally } from "../io/tally.ts";
import type { Life } from "./life.ts";
import { convert } from "./js-values.ts";
import type { Platform } from "./platform.ts";

/** How the streams and futures of one instance pass to and from its embedder. */
export class JsCopies implements CopyBinding {
  readonly #platform: Platform;
  readonly #life: Life;
  readonly #same: () => SameElement;

  constructor(platform: Platform, life: Life, same: () => SameElement) {
    this.#platform = platform;
    this.#life = life;
    this.#same = same;
  }

  toJs(guest: Guest, index: number, type: ValType): unknown {
    if (type.kind === "error-context") return new Error(errorContext(guest, index));
    return this.#wrapped(guest, takeReadable(guest, index, type, this.#same()), type);
  }

  fromJs(guest: Guest, value: unknown, type: ValType): number {
    if (type.kind === "error-context") {
      return newErrorContext(guest, value instanceof Error ? value.message : String(value));
    }
    return giveReadable(guest, this.#shared(guest, value, type), type);
  }

  #wrapped(guest: Guest, shared: Shared, type: ValType): unknown {
    const element = elementType(type);
    const toJs = (value: unknown): unknown =>
      element &&
      convert(value, element, (raw, of) => {
        if (of.kind !== "own") return this.#wrapped(guest, shareOf(raw, of), of);
        return guest.binding(of.resource.slot).toJs(raw, true);
      });
    if (shared instanceof SharedFuture) {
      const promise = new Promise((resolve, reject) => {
        readFuture(shared, (read) => {
          if (read) resolve(toJs(read.value));
          else reject(new Error("The guest ended before it wrote the future"));
        });
      });
      // Who does not wait for it is not to end the process.
      promise.catch(() => {});
      return promise;
    }
    const stream = shareOf(shared, { kind: "stream", element });
    return element?.kind === "u8" ? new ByteStream(stream) : new ValueStream(stream, toJs);
  }

  #shared(guest: Guest, value: unknown, type: ValType): Shared {
    const element = elementType(type);
    const codec = element && codecOf(element);
    const fromJs = (item: unknown): unknown =>
      element &&
      convert(item, element, (given, of) => {
        if (of.kind !== "own") return this.#shared(guest, given, of);
        return guest.binding(of.resource.slot).fromJs(given, true);
      });
    if (type.kind === "future") {
      const future = new HostFuture(codec ?? NOTHING);
      void this.#write(future, value, fromJs, element);
      return future.shared;
    }
    if (value instanceof ByteStream || value instanceof ValueStream) return value.give();
    if (element?.kind === "u8") {
      const source = this.#platform.source(value, `the ${describe(type)}`);
      const input = new InputStream(source, this.#life.world.limits.readBytes, newTally(), () => source.close());
      return new Feed(u8, input, (cause) => {
        // A stream that is cut short cannot say so: whoever made it has to hear of it.
        if (cause !== undefined) void this.#life.fail(cause);
      }).shared;
    }
    return new ItemFeed(iteratorOf(value, type), elementOf(codec), fromJs, (error) => void this.#life.fail(error))
      .shared;
  }

  async #write(
    future: HostFuture<unknown>,
    value: unknown,
    fromJs: (value: unknown) => unknown,
    element: ValType | undefined,
  ): Promise<void> {
    try {
      const settled = await value;
      const isTagged =
        element?.kind !== "result" || (typeof settled === "object" && settled !== null && "tag" in settled);
      future.write(fromJs(isTagged ? settled : { tag: "ok", val: settled }));
    } catch (error) {
      // The error case of a result, as a function would throw it.
      if (element?.kind === "result" && error instanceof WitError)
        future.write(fromJs({ tag: "err", val: error.payload }));
      else void this.#life.fail(error);
    }
  }
}

const NOTHING = codecOf({ kind: "tuple", members: [] });

function elementType(type: ValType): ValType | undefined {
  return type.kind === "stream" || type.kind === "future" ? type.element : undefined;
}

function shareOf(value: unknown, type: ValType): SharedStream {
  if (value instanceof SharedStream) return value;
  return wrongValue(`a ${type.kind}`, value);
}

function iteratorOf(value: unknown, type: ValType): AsyncIterator<unknown> | Iterator<unknown> {
  if (typeof value === "object" && value !== null) {
    if (Symbol.asyncIterator in value) return (value as AsyncIterable<unknown>)[Symbol.asyncIterator]();
    if (Symbol.iterator in value) return (value as Iterable<unknown>)[Symbol.iterator]();
  }
  return wrongValue(`${describe(type)}: an iterable or an async iterable`, value);
}

const CHUNK_BYTES = 64 * 1024;
/** Elements that are read at a time. */
const CHUNK_ITEMS = 64;

/** What JavaScript holds of a stream: it can be read, or given to a guest, once. */
abstract class HeldStream {
  #shared: SharedStream | undefined;
  protected readonly arrived: Signal = new Signal();
  protected isEnded = false;
  #isReading = false;

  constructor(shared: SharedStream) {
    this.#shared = shared;
  }

  /** @internal It is somebody else's from now on. @throws {TypeError} If it has been read, or given away. */
  give(): SharedStream {
    const shared = this.#shared;
    if (!shared || this.#isReading) throw new TypeError("the stream has been given away, closed, or is being read");
    this.#shared = undefined;
    return shared;
  }

  /** Asks for more, if nobody has: `target` is told. */
  protected request(target: Target): void {
    const shared = this.#shared;
    if (!shared || this.#isReading || this.isEnded) return;
    this.#isReading = true;
    const listener: CopyListener = {
      onCopy: (reclaim) => {
        reclaim();
        this.#isReading = false;
        this.arrived.notify();
      },
      onDone: (result) => {
        this.#isReading = false;
        if (result !== COPY.completed) this.isEnded = true;
        this.arrived.notify();
      },
    };
    shared.read(target, listener);
  }

  watch(waker: Waker): void {
    this.arrived.watch(waker);
  }

  unwatch(waker: Waker): void {
    this.arrived.unwatch(waker);
  }

  /** Nobody reads any more: who writes is told. */
  close(): void {
    this.isEnded = true;
    const shared = this.#shared;
    this.#shared = undefined;
    shared?.drop();
  }

  [Symbol.dispose](): void {
    this.close();
  }
}

/** A `stream<u8>` of a guest's: a `Source`, and an iterable of chunks. Close it, or read it to its end. */
export class ByteStream extends HeldStream implements Source {
  #bytes: Uint8Array | undefined;

  read(max: number): Uint8Array | null {
    this.#ask(max);
    const bytes = this.#bytes;
    if (!bytes) return this.isEnded ? null : NONE;
    const part = bytes.subarray(0, max);
    this.#bytes = max < bytes.length ? bytes.subarray(max) : undefined;
    return part;
  }

  ready(): boolean {
    this.#ask(CHUNK_BYTES);
    return this.#bytes !== undefined || this.isEnded;
  }

  #ask(max: number): void {
    if (this.#bytes || max === 0) return;
    this.request({
      remaining: max,
      owner: undefined,
      take: (origin, count) => {
        // The guest's memory is its own again when this returns.
        const bytes = (origin.bytes(count) ?? Uint8Array.from(origin.values(count) as readonly number[])).slice();
        origin.took(bytes.length);
        if (bytes.length > 0) this.#bytes = bytes;
        return bytes.length;
      },
    });
  }

  /** Chunks as they come; closes the stream at the end. */
  async *[Symbol.asyncIterator](): AsyncGenerator<Uint8Array, void, void> {
    try {
      for (;;) {
        const chunk = this.read(CHUNK_BYTES);
        if (chunk === null) return;
        if (chunk.length > 0) yield chunk;
        // oxlint-disable-next-line no-await-in-loop -- one chunk after the other
        else await changed(this);
      }
    } finally {
      this.close();
    }
  }
}

const NONE = new Uint8Array(0);

/** A stream of a guest's of anything else: an iterable of its elements. */
export class ValueStream extends HeldStream {
  readonly #toJs: (value: unknown) => unknown;
  readonly #items: unknown[] = [];

  constructor(shared: SharedStream, toJs: (value: unknown) => unknown) {
    super(shared);
    this.#toJs = toJs;
  }

  ready(): boolean {
    if (this.#items.length > 0) return true;
    this.request({
      remaining: CHUNK_ITEMS,
      owner: undefined,
      take: (origin, count) => {
        const values = origin.values(count);
        origin.took(values.length);
        for (const value of values) this.#items.push(this.#toJs(value));
        return values.length;
      },
    });
    return this.#items.length > 0 || this.isEnded;
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<unknown, void, void> {
    try {
      for (;;) {
        if (!this.ready()) {
          // oxlint-disable-next-line no-await-in-loop -- one after the other
          await changed(this);
          continue;
        }
        if (this.#items.length === 0) return;
        yield this.#items.shift();
      }
    } finally {
      this.close();
    }
  }
}

/** What a guest reads of an iterable of the embedder's: one item is asked for at a time, when the guest waits. */
class ItemFeed implements Origin {
  readonly shared: SharedStream;
  readonly owner: undefined = undefined;
  readonly #iterator: AsyncIterator<unknown> | Iterator<unknown>;
  readonly #fromJs: (value: unknown) => unknown;
  readonly #fail: (error: unknown) => void;
  #item: { readonly value: unknown } | undefined;
  #isAsking = false;
  #isEnded = false;

  constructor(
    iterator: AsyncIterator<unknown> | Iterator<unknown>,
    element: ReturnType<typeof elementOf>,
    fromJs: (value: unknown) => unknown,
    fail: (error: unknown) => void,
  ) {
    this.shared = new SharedStream(element);
    this.#iterator = iterator;
    this.#fromJs = fromJs;
    this.#fail = fail;
    this.shared.onDrop.push(() => void this.#leave());
    this.#offer();
  }

  get remaining(): number {
    return Infinity;
  }

  isReady(): boolean {
    return this.#item !== undefined;
  }

  bytes(): undefined {
    return undefined;
  }

  values(): readonly unknown[] {
    return this.#item ? [this.#item.value] : [];
  }

  took(count: number): void {
    if (count > 0) this.#item = undefined;
  }

  stalled(): void {
    void this.#ask();
  }

  async #ask(): Promise<void> {
    if (this.#isAsking || this.#isEnded) return;
    this.#isAsking = true;
    try {
      const step = await this.#iterator.next();
      if (step.done === true) {
        this.#isEnded = true;
        this.shared.drop();
      } else this.#item = { value: this.#fromJs(await step.value) };
    } catch (error) {
      this.#isEnded = true;
      this.#fail(error);
    }
    this.#isAsking = false;
    this.#offer();
  }

  #offer(): void {
    if (this.shared.isDropped) return;
    this.shared.write(this, { onCopy: () => {}, onDone: () => void Promise.resolve().then(() => this.#offer()) });
  }

  async #leave(): Promise<void> {
    if (this.#isEnded) return;
    this.#isEnded = true;
    try {
      await this.#iterator.return?.();
    } catch (error) {
      this.#fail(error);
    }
  }
}

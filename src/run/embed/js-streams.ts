/** Streams and futures as JavaScript has them: byte streams as sources, others as iterables, futures as promises. */
import { messageOf } from "../../io/cause.ts";
import { codecOf } from "../../abi/codec.ts";
import { SharedFuture, SharedStream, type Origin, type Shared } from "../../abi/copy.ts";
import { elementOf } from "../../abi/element.ts";
import {
  ERROR_CONTEXT,
  errorContext,
  giveReadable,
  newErrorContext,
  readableKind,
  takeReadable,
  type SameElement,
} from "../../abi/ends.ts";
import type { CopyBinding, Guest } from "../../abi/guest.ts";
import { wrongValue } from "../../abi/type.ts";
import { describe } from "../../abi/describe.ts";
import type { ValType } from "../../abi/types.ts";
import { Feed, HostFuture, readFuture } from "../../bind/p3/streams.ts";
import { u8 } from "../../abi/scalars.ts";
import { WitError } from "../../io/errors.ts";
import { endIterator, nextOf, type AnyIterator } from "../../io/iteration.ts";
import { InputStream } from "../../io/input-stream.ts";
import { newTally } from "../../io/tally.ts";
import { GuestByteStream, GuestStream } from "./held-streams.ts";
import type { Life } from "../life.ts";
import { convert } from "./js-values.ts";
import type { Platform } from "../platform.ts";

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
      const index = newErrorContext(guest, messageOf(value));
      guest.given?.push(() => guest.handles.take(ERROR_CONTEXT, index));
      return index;
    }
    const shared = this.#shared(guest, value, type);
    guest.given?.push(() => {
      if (value instanceof GuestByteStream && shared instanceof SharedStream) GuestByteStream.restore(value, shared);
      else shared.drop();
    });
    const index = giveReadable(guest, shared, type);
    guest.given?.push(() => guest.handles.take(readableKind(type).table, index));
    return index;
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
          else reject(this.#life.task.endedBy ?? new Error("The guest ended before it wrote the future"));
        });
      });
      // Who does not wait for it is not to end the process.
      promise.catch(() => {});
      return promise;
    }
    const stream = shareOf(shared, { kind: "stream", element });
    const cut = (): unknown => this.#life.task.endedBy;
    return element?.kind === "u8" ? new GuestByteStream(stream, cut) : new GuestStream(stream, cut, toJs);
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
      const future = new HostFuture(codec);
      void this.#write(future, value, fromJs, element);
      return future.shared;
    }
    if (element?.kind === "u8") {
      // From one guest to another, with no copy between.
      const given = value instanceof GuestByteStream ? GuestByteStream.give(value) : undefined;
      if (given) return given;
      const source = this.#platform.source(value, `the ${describe(type)}`);
      const input = new InputStream(source, this.#life.world.limits.readBytes, newTally(), () => source.close());
      return new Feed(u8, input, this.#life.task, (cause) => {
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
      else {
        void this.#life.fail(error);
        // It may have been passed on, to who still waits for it.
        future.shared.drop();
      }
    }
  }
}

function elementType(type: ValType): ValType | undefined {
  return type.kind === "stream" || type.kind === "future" ? type.element : undefined;
}

function shareOf(value: unknown, type: ValType): SharedStream {
  if (value instanceof SharedStream) return value;
  return wrongValue(`a ${type.kind}`, value);
}

function iteratorOf(value: unknown, type: ValType): AnyIterator<unknown> {
  if (typeof value === "object" && value !== null) {
    if (Symbol.asyncIterator in value) return (value as AsyncIterable<unknown>)[Symbol.asyncIterator]();
    if (Symbol.iterator in value) return (value as Iterable<unknown>)[Symbol.iterator]();
  }
  return wrongValue(`${describe(type)}: an iterable or an async iterable`, value);
}

/** What a guest reads of an iterable of the embedder's: one item is asked for at a time, when the guest waits. */
class ItemFeed implements Origin {
  readonly shared: SharedStream;
  readonly owner: undefined = undefined;
  readonly #iterator: AnyIterator<unknown>;
  readonly #fromJs: (value: unknown) => unknown;
  readonly #fail: (error: unknown) => void;
  #item: { readonly value: unknown } | undefined;
  #isAsking = false;
  #isEnded = false;

  constructor(
    iterator: AnyIterator<unknown>,
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
      const item = await nextOf(this.#iterator);
      if (item) this.#item = { value: this.#fromJs(await item.value) };
      else {
        this.#isEnded = true;
        this.shared.drop();
      }
    } catch (error) {
      this.#isEnded = true;
      this.#fail(error);
      this.shared.drop();
    }
    this.#isAsking = false;
    this.#offer();
  }

  #offer(): void {
    if (this.shared.isDropped) return;
    try {
      this.shared.write(this, { onCopy: () => {}, onDone: () => void Promise.resolve().then(() => this.#offer()) });
    } catch (error) {
      // The guest waits for an item, and this is none.
      this.#fail(error);
      this.shared.drop();
    }
  }

  async #leave(): Promise<void> {
    if (this.#isEnded) return;
    this.#isEnded = true;
    try {
      await endIterator(this.#iterator);
    } catch (error) {
      this.#fail(error);
    }
  }
}

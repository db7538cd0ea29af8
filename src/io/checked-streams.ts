/** Sources and sinks of an embedder's, checked where they are crossed. */
import { Absorber, type ByteQueue } from "./byte-queue.ts";
import { faultIn, guarded, misbehaved } from "./checked-ports.ts";
import type { Sink, Source } from "./ports.ts";
import type { Waker, Watchable } from "./readiness.ts";
import { isBytesUpTo, isCount, unawaited } from "./shape.ts";

// As `guarded` for what each wait calls: a name and a function that are made for what goes wrong are a tenth of a wait.

function watch(port: Watchable, waker: Waker, name: string): void {
  try {
    unawaited(port.watch(waker));
  } catch (cause) {
    throw faultIn(`${name}.watch`, cause);
  }
}

function unwatch(port: Watchable, waker: Waker, name: string): void {
  try {
    unawaited(port.unwatch(waker));
  } catch (cause) {
    throw faultIn(`${name}.unwatch`, cause);
  }
}

/** A source that is somebody else's. What its `read` throws is a failure of the stream, as its contract says. */
export class CheckedSource implements Source {
  readonly #source: Source;
  readonly #name: string;
  readonly readBlocking?: (max: number) => Uint8Array | null;
  readonly readInto?: (into: Uint8Array, waits: boolean) => number | null;
  readonly take?: (max: number) => Uint8Array | undefined;
  readonly leave?: () => void;

  /** @param name Of what it stands behind, such as `stdin`. */
  constructor(source: Source, name: string) {
    this.#source = source;
    this.#name = name;
    if (typeof source.readBlocking === "function") {
      this.readBlocking = (max) => this.#checked("readBlocking", source.readBlocking?.(max), max);
    }
    if (typeof source.readInto === "function") {
      this.readInto = (into, waits) => this.#counted(source.readInto?.(into, waits), into);
    }
    if (typeof source.take === "function") {
      this.take = (max) =>
        this.#taken(
          guarded(`${name}.take`, () => source.take?.(max)),
          max,
        );
    }
    if (typeof source.leave === "function") this.leave = () => guarded(`${name}.leave`, () => source.leave?.());
  }

  read(max: number): Uint8Array | null {
    return this.#checked("read", this.#source.read(max), max);
  }

  ready(): boolean {
    let answer: unknown;
    try {
      answer = this.#source.ready();
    } catch (cause) {
      throw faultIn(`${this.#name}.ready`, cause);
    }
    if (typeof answer === "boolean") return answer;
    throw misbehaved(`${this.#name}.ready`, "a boolean", answer);
  }

  watch(waker: Waker): void {
    watch(this.#source, waker, this.#name);
  }

  unwatch(waker: Waker): void {
    unwatch(this.#source, waker, this.#name);
  }

  close(): void {
    guarded(`${this.#name}.close`, () => this.#source.close());
  }

  /** Of a view that is gone, since the source let its memory grow, nothing can have been filled. */
  #counted(count: unknown, into: Uint8Array): number | null {
    if (count === null || isCount(count, into.length)) return count;
    throw misbehaved(`${this.#name}.readInto`, `how many of ${into.length} bytes it put in, or null at the end`, count);
  }

  #taken(bytes: unknown, max: number): Uint8Array | undefined {
    if (bytes === undefined || (isBytesUpTo(bytes, max) && bytes.length > 0)) return bytes;
    throw misbehaved(`${this.#name}.take`, `1 to ${max} bytes, or undefined`, bytes);
  }

  #checked(method: string, bytes: unknown, max: number): Uint8Array | null {
    if (bytes === null || isBytesUpTo(bytes, max)) return bytes;
    throw misbehaved(`${this.#name}.${method}`, `at most ${max} bytes, or null at the end`, bytes);
  }
}

/** A sink that is somebody else's. What its `write` and `flush` throw is a failure of the stream. */
export class CheckedSink extends Absorber implements Sink {
  readonly #sink: Sink;
  readonly #name: string;
  readonly writeBlocking?: (bytes: Uint8Array) => number;
  readonly give?: (bytes: Uint8Array) => number;

  /** @param name Of what it stands behind, such as `stdout`. */
  constructor(sink: Sink, name: string) {
    super();
    this.#sink = sink;
    this.#name = name;
    if (typeof sink.writeBlocking === "function") {
      this.writeBlocking = (bytes) => this.#checked("writeBlocking", sink.writeBlocking?.(bytes), bytes.length);
    }
    if (typeof sink.give === "function") {
      this.give = (bytes) => this.#checked("give", sink.give?.(bytes), bytes.length);
    }
  }

  write(bytes: Uint8Array): number {
    return this.#checked("write", this.#sink.write(bytes), bytes.length);
  }

  /** Only one of ours does. */
  absorb(queue: ByteQueue): boolean {
    return this.#sink instanceof Absorber && this.#sink.absorb(queue);
  }

  flush(): boolean {
    const answer: unknown = this.#sink.flush();
    if (typeof answer === "boolean") return answer;
    throw misbehaved(`${this.#name}.flush`, "a boolean", answer);
  }

  watch(waker: Waker): void {
    watch(this.#sink, waker, this.#name);
  }

  unwatch(waker: Waker): void {
    unwatch(this.#sink, waker, this.#name);
  }

  close(): void | Promise<void> {
    const rest: unknown = guarded(`${this.#name}.close`, () => this.#sink.close());
    return rest === undefined ? undefined : this.#closed(rest);
  }

  async #closed(rest: unknown): Promise<void> {
    try {
      await rest;
    } catch (cause) {
      throw faultIn(`${this.#name}.close`, cause);
    }
  }

  abort(reason: unknown): void {
    guarded(`${this.#name}.abort`, () => this.#sink.abort(reason));
  }

  #checked(method: string, taken: unknown, most: number): number {
    if (isCount(taken, most)) return taken;
    throw misbehaved(`${this.#name}.${method}`, `how many of ${most} bytes it took`, taken);
  }
}

/** Sources and sinks that are opened when they are first used. */
import { readInto, type Sink, type Source } from "../io/ports.ts";
import type { Waker } from "../io/readiness.ts";

export class LazySource implements Source {
  readonly #open: () => Source;
  #source: Source | undefined;

  constructor(open: () => Source) {
    this.#open = open;
  }

  read(max: number): Uint8Array | null {
    return this.#opened().read(max);
  }

  readInto(into: Uint8Array): number | null {
    return readInto(this.#opened(), into);
  }

  ready(): boolean {
    return this.#opened().ready();
  }

  watch(waker: Waker): void {
    this.#opened().watch(waker);
  }

  unwatch(waker: Waker): void {
    this.#source?.unwatch(waker);
  }

  close(): void {
    this.#source?.close();
  }

  #opened(): Source {
    return (this.#source ??= this.#open());
  }
}

export class LazySink implements Sink {
  readonly #open: () => Sink;
  #sink: Sink | undefined;

  constructor(open: () => Sink) {
    this.#open = open;
  }

  write(bytes: Uint8Array): number {
    return this.#opened().write(bytes);
  }

  flush(): boolean {
    return this.#sink?.flush() ?? true;
  }

  watch(waker: Waker): void {
    this.#opened().watch(waker);
  }

  unwatch(waker: Waker): void {
    this.#sink?.unwatch(waker);
  }

  close(): void | Promise<void> {
    return this.#sink?.close();
  }

  abort(reason: unknown): void {
    this.#sink?.abort(reason);
  }

  #opened(): Sink {
    return (this.#sink ??= this.#open());
  }
}

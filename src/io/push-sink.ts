import type { Sink } from "./ports.ts";
import { Signal, type Waker } from "./readiness.ts";

/**
 * A sink over a function that takes chunks. A promise that it returns is backpressure: nothing more is handed out until
 * that is settled. Each chunk is a copy, and the function's to keep.
 */
export class PushSink implements Sink {
  readonly #push: (chunk: Uint8Array) => unknown;
  readonly #end: () => void | Promise<void>;
  readonly #abort: (reason: unknown) => void;
  readonly #changed = new Signal();
  #busy = false;
  #failure: { readonly cause: unknown } | undefined;

  constructor(
    push: (chunk: Uint8Array) => unknown,
    end: () => void | Promise<void> = () => {},
    abort: (reason: unknown) => void = () => {},
  ) {
    this.#push = push;
    this.#end = end;
    this.#abort = abort;
  }

  write(bytes: Uint8Array): number {
    if (!this.flush() || bytes.length === 0) return 0;
    const result = this.#push(bytes.slice());
    if (result instanceof Promise) {
      this.#busy = true;
      result.then(
        () => this.#idle(undefined),
        (cause: unknown) => this.#idle({ cause }),
      );
    }
    return bytes.length;
  }

  flush(): boolean {
    if (this.#failure) throw this.#failure.cause;
    return !this.#busy;
  }

  watch(waker: Waker): void {
    this.#changed.watch(waker);
  }

  unwatch(waker: Waker): void {
    this.#changed.unwatch(waker);
  }

  close(): void | Promise<void> {
    return this.#end();
  }

  abort(reason: unknown): void {
    this.#abort(reason);
  }

  #idle(failure: { readonly cause: unknown } | undefined): void {
    this.#busy = false;
    this.#failure = failure;
    this.#changed.notify();
  }
}

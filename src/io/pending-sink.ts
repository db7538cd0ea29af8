import type { Sink } from "./ports.ts";
import { Signal, type Waker } from "./readiness.ts";

/**
 * What sinks have in common that hand bytes on and hear later what became of them: a flush is complete when nothing is
 * under way, the first failure is final, and whoever watches is woken at each change.
 */
export abstract class PendingSink implements Sink {
  readonly #changed = new Signal();
  #pending = 0;
  #failure: { readonly cause: unknown } | undefined;

  abstract write(bytes: Uint8Array): number;
  abstract close(): void | Promise<void>;
  abstract abort(reason: unknown): void;

  flush(): boolean {
    if (this.#failure) throw this.#failure.cause;
    return this.#pending === 0;
  }

  watch(waker: Waker): void {
    this.#changed.watch(waker);
  }

  unwatch(waker: Waker): void {
    this.#changed.unwatch(waker);
  }

  /** Whether something is under way. */
  protected get isPending(): boolean {
    return this.#pending > 0;
  }

  /** Something is under way, until `done` or `fail`. */
  protected begin(): void {
    this.#pending++;
  }

  /** Something that was under way has succeeded. */
  protected done(): void {
    this.#pending--;
    this.#changed.notify();
  }

  /** The sink has failed. Whatever is under way does not count any more. */
  protected fail(cause: unknown): void {
    this.#failure ??= { cause };
    this.#pending = 0;
    this.#changed.notify();
  }

  /** More may fit now. */
  protected wake(): void {
    this.#changed.notify();
  }
}

import { PendingSink } from "./pending-sink.ts";
import { isThenable } from "./shape.ts";

/**
 * A sink over a function that takes chunks. A promise that it returns is backpressure: nothing more is handed out until
 * that is settled. Each chunk is a copy, and the function's to keep.
 */
export class PushSink extends PendingSink {
  readonly #push: (chunk: Uint8Array) => unknown;
  readonly #end: () => void | Promise<void>;
  readonly #abort: (reason: unknown) => void;

  constructor(
    push: (chunk: Uint8Array) => unknown,
    end: () => void | Promise<void> = () => {},
    abort: (reason: unknown) => void = () => {},
  ) {
    super();
    this.#push = push;
    this.#end = end;
    this.#abort = abort;
  }

  write(bytes: Uint8Array): number {
    if (!this.flush() || bytes.length === 0) return 0;
    const result = this.#push(bytes.slice());
    if (isThenable(result)) {
      this.begin();
      Promise.resolve(result).then(
        () => this.done(),
        (cause: unknown) => this.fail(cause),
      );
    }
    return bytes.length;
  }

  close(): void | Promise<void> {
    return this.#end();
  }

  abort(reason: unknown): void {
    this.#abort(reason);
  }
}

/** Ports that are called by those who cannot be told of what they throw. */
import { faultIn } from "./checked-ports.ts";
import { CheckedSource } from "./checked-streams.ts";
import type { Source } from "./ports.ts";
import { isThenable } from "./shape.ts";
import type { InternalError } from "./trap.ts";

/** Calls ports for those who cannot be told of what they throw, and tells of the first at the end. */
export class Unheard {
  #fault: InternalError | undefined;

  /** @param port As of `guarded`. */
  call(port: string, call: () => unknown): void {
    void this.wait(port, call);
  }

  /** As `call`. Gives a promise if there is one to wait for, which is kept. */
  wait(port: string, call: () => unknown): void | Promise<void> {
    try {
      const later = call();
      if (isThenable(later)) {
        return Promise.resolve(later).then(NOTHING, (cause: unknown) => this.#note(port, cause));
      }
    } catch (cause) {
      this.#note(port, cause);
    }
    return undefined;
  }

  /** @throws {InternalError} What was thrown first, once. */
  tell(): void {
    const fault = this.#fault;
    this.#fault = undefined;
    if (fault) throw fault;
  }

  /** Of a fault that was told as something else. */
  note(fault: InternalError): void {
    this.#fault ??= fault;
  }

  #note(port: string, cause: unknown): void {
    this.note(faultIn(port, cause));
  }
}

const NOTHING = (): void => {};

/** A source that nobody hears of when it is closed. */
export class UnheardSource extends CheckedSource {
  readonly #unheard: Unheard;
  readonly #port: string;

  constructor(source: Source, name: string, unheard: Unheard) {
    super(source, name);
    this.#unheard = unheard;
    this.#port = `${name}.close`;
  }

  override close(): void {
    this.#unheard.call(this.#port, () => super.close());
  }
}

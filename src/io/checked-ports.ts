/** Calls of ports of an embedder's: who misbehaves is named, and its guest is not blamed. */
import { causeOf } from "./cause.ts";
import { unawaited } from "./shape.ts";
import { told } from "./told.ts";
import { InternalError } from "./trap.ts";

/**
 * Calls a method of a port that has no failure to report, and promises nothing: nobody waits for a promise of it.
 *
 * @param port As in a message, such as `stdin.ready`.
 * @throws {InternalError} If it throws.
 */
export function guarded<T>(port: string, call: () => T): T {
  try {
    return unawaited(call());
  } catch (cause) {
    throw faultIn(port, cause);
  }
}

/**
 * Lets go of ports that nobody is going to use after all, by what each takes for that. Why is told by whoever does this, and
 * what they throw is not.
 */
export function abandon(...steps: readonly (() => unknown)[]): void {
  for (const step of steps) {
    try {
      unawaited(step());
    } catch {
      // As above.
    }
  }
}

/** What a port threw, with its name; or what one behind it did. */
export function faultIn(port: string, thrown: unknown): InternalError {
  const cause = causeOf(thrown);
  return cause instanceof InternalError ? cause : new InternalError(port, cause);
}

/** What a port gave is not what its contract says. */
export function misbehaved(port: string, expected: string, value: unknown): InternalError {
  unawaited(value);
  return new InternalError(port, new TypeError(`expected ${expected}, got ${told(value)}`));
}

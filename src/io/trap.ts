import { causeOf, messageOf } from "./cause.ts";

/**
 * `WebAssembly.RuntimeError`, under a type that needs no declarations of WebAssembly: those who use ours may lack them.
 */
export const RuntimeError: new (message?: string, options?: ErrorOptions) => Error = WebAssembly.RuntimeError;

/**
 * The guest broke the contract. Ends its instance, and nothing else.
 *
 * A subclass of `WebAssembly.RuntimeError`, so that an engine and the glue around a component treat it like a trap of
 * WebAssembly itself: the instance can not be entered again.
 */
export class Trap extends RuntimeError {
  override readonly name: string = "Trap";
  /** The rule of docs/contract.md that was broken, such as "3.2". */
  readonly rule: string;

  constructor(rule: string, message: string) {
    super(`${message} [rule ${rule}]`);
    this.rule = rule;
  }
}

/**
 * Something failed that is neither the guest's doing nor a failure of its streams: a fault of this host, or of what an
 * embedder gave it, or the end that was put to the instance from outside. `cause` has it.
 */
export class InternalError extends RuntimeError {
  override readonly name: string = "InternalError";

  /** @param thrown The cause, whatever it is. */
  constructor(name: string, thrown: unknown) {
    const cause = causeOf(thrown);
    super(`${name}: ${messageOf(cause)}`, { cause });
  }
}

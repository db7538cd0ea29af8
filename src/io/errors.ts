import { causeOf, messageOf } from "./cause.ts";

/**
 * What a WIT function reports to its guest as the error case of a `result`.
 *
 * `payload` is the value of that case, in the shape that component glue for JavaScript expects of a thrown error.
 */
export class WitError<Payload> extends Error {
  override readonly name: string = "WitError";
  readonly payload: Payload;

  constructor(payload: Payload, message: string = "the error case of a result", options?: ErrorOptions) {
    super(message, options);
    this.payload = payload;
  }
}

/**
 * The resource `error` of `wasi:io/error`: what went wrong, kept for whoever can make more of it than text.
 *
 * @see WASI 0.2 `wasi:io/error`
 */
export class IoError {
  /** What the host threw, untouched if it can be looked at, for downcasts such as `filesystem-error-code`. */
  readonly cause: unknown;

  constructor(thrown: unknown) {
    this.cause = causeOf(thrown);
  }

  /** Text for a person; its form is not part of any contract. */
  toDebugString(): string {
    const { cause } = this;
    return cause instanceof Error ? `${cause.name}: ${messageOf(cause)}` : messageOf(cause);
  }
}

/** The variant `stream-error` of `wasi:io/streams`. */
export type StreamFailure =
  | { readonly tag: "last-operation-failed"; readonly val: IoError }
  | { readonly tag: "closed" };

/**
 * A stream failed, or is closed. A failure is reported once; every later call reports `closed`.
 *
 * @see WASI 0.2 `wasi:io/streams` `stream-error`
 */
export class StreamError extends WitError<StreamFailure> {
  override readonly name: string = "StreamError";

  static closed(): StreamError {
    // Bundlers name a class otherwise that names itself.
    return new this({ tag: "closed" }, "the stream is closed");
  }

  /** @param cause What the source or the sink threw. */
  static failed(cause: unknown): StreamError {
    const val = new IoError(cause);
    return new this({ tag: "last-operation-failed", val }, val.toDebugString(), { cause: val.cause });
  }
}

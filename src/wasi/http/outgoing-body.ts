import type { Level } from "../../io/level.ts";
import { Outlet } from "../../io/outlet.ts";
import { BodyPipe, type BodyEnd } from "./body-pipe.ts";
import { HttpError } from "./error-code.ts";
import type { HttpBody } from "./exchange.ts";
import type { Field } from "./fields.ts";

/** Of which kind of message a body is. */
export type Side = "request" | "response";

/**
 * A body that a guest writes. It reaches its reader whole, with its trailers, or fails there.
 *
 * @see WASI 0.2 `wasi:http/types` `outgoing-body`
 */
export class OutgoingBody {
  readonly outlet: Outlet;
  readonly #pipe: BodyPipe;
  readonly #length: bigint | undefined;
  readonly #side: Side;
  readonly #bufferBytes: number;
  #isWritten = false;
  #isOver = false;

  /**
   * @param length What `content-length` announces.
   * @param onOver Called once, when it holds nothing any more and never will.
   */
  constructor(side: Side, length: bigint | undefined, bufferBytes: number, onOver?: (end: BodyEnd) => void) {
    this.#side = side;
    this.#length = length;
    this.#bufferBytes = bufferBytes;
    this.#pipe = new BodyPipe(bufferBytes, length, (bytes) => wrongSize(side, bytes, length), onOver);
    this.outlet = new Outlet(this.#pipe.sink, bufferBytes);
  }

  /** For who sends it. */
  get body(): HttpBody {
    return { ...this.#pipe.body, level: () => this.#level() };
  }

  /** Of both that hold its bytes: the stream that is written, and what the reader takes them from. */
  #level(): Level {
    const { heldBytes } = this.#pipe;
    const { bufferedBytes, capacityBytes, ...level } = this.outlet.level();
    return { ...level, bufferedBytes: bufferedBytes + heldBytes, capacityBytes: capacityBytes + this.#bufferBytes };
  }

  /** What has become of it, once it holds nothing any more and never will. */
  get end(): BodyEnd | undefined {
    return this.#pipe.end;
  }

  /** Whether nobody has asked for its stream before; once. */
  takeStream(): boolean {
    const isFirst = !this.#isWritten;
    this.#isWritten = true;
    return isFirst;
  }

  /**
   * All is written. What is still buffered is delivered by whoever then finishes the outlet.
   *
   * @throws {HttpError} If it has fewer bytes than were announced: the body fails then.
   */
  finish(trailers: readonly Field[] | undefined): void {
    this.#isOver = true;
    const bytes = BigInt(this.outlet.tally.bytes);
    if (this.#length !== undefined && bytes !== this.#length) {
      const error = wrongSize(this.#side, bytes, this.#length);
      this.outlet.abort(error);
      throw error;
    }
    // A length there would be another end of what has ended: RFC 9110, 6.5.1. Nobody who reads HTTP takes it.
    this.#pipe.endWith(trailers?.filter(([name]) => name !== "content-length"));
  }

  /** Dropped: as `fail`. */
  drop(): void {
    if (this.#isOver || this.#endsAsAnnounced()) return;
    // Made for none of the others: an error takes as long as a small body to send.
    this.fail(new HttpError({ tag: "internal-error", val: undefined }, "the guest dropped the body unfinished"));
  }

  /** Nobody will finish it: it fails of `cause`, unless it is finished, or has all that was announced. */
  fail(cause: unknown): void {
    if (this.#isOver || this.#endsAsAnnounced()) return;
    this.#isOver = true;
    this.outlet.abort(cause);
  }

  /** Whether it has all that was announced: then that is its end. */
  #endsAsAnnounced(): boolean {
    if (this.#length === undefined || BigInt(this.outlet.tally.bytes) !== this.#length) return false;
    this.#isOver = true;
    this.#pipe.endWith(undefined);
    void this.outlet.finish();
    return true;
  }
}

function wrongSize(side: Side, bytes: bigint, length: bigint | undefined): HttpError {
  return new HttpError(
    { tag: `HTTP-${side}-body-size`, val: bytes },
    `the guest wrote ${bytes} bytes of a body with a content-length of ${length}`,
  );
}

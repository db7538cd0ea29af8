import { HttpError } from "../../wasi/http/error-code.ts";

/** The bodies of a guest's requests that are held in memory, as this runtime does not take them as streams. */
const HELD_BYTES = 16 * 1024 * 1024;

/** How many bytes of bodies a client holds. */
export class HeldBodies {
  /** 0 to `HELD_BYTES`. */
  #bytes = 0;

  /** @throws {HttpError} If these were more than there is place for. */
  take(bytes: number): void {
    if (this.#bytes + bytes > HELD_BYTES) {
      throw new HttpError(
        { tag: "HTTP-request-body-size", val: BigInt(HELD_BYTES) },
        `this runtime sends no streams, and holds at most ${HELD_BYTES} bytes of an instance's requests`,
      );
    }
    this.#bytes += bytes;
  }

  release(bytes: number): void {
    this.#bytes -= bytes;
  }
}

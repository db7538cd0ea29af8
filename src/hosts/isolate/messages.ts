/** Messages to a thread that may be blocked, which no event loop brings it then: through a ring. */
import type { Waker } from "../../io/readiness.ts";
import type { Hearing } from "./bell.ts";
import type { Message } from "./channel.ts";
import type { Wire } from "./ring.ts";
import { bytesOfValue, valueInBytes } from "./values.ts";

/** Before each message: how many bytes it has. */
const HEAD_BYTES = 4;

/** In the thread that sends. What the ring has no room for waits for its reader here. */
export class MessageWriter implements Waker {
  readonly #wire: Wire;
  readonly #waiting: Uint8Array[] = [];

  /** @param hearing Of `wire.near`. */
  constructor(wire: Wire, hearing: Hearing) {
    this.#wire = wire;
    hearing.watch(this, wire.near.count);
  }

  /** @throws {TypeError} For what is no plain value. */
  post(message: unknown): void {
    const bytes = bytesOfValue(message);
    const head = new Uint8Array(HEAD_BYTES);
    new DataView(head.buffer).setUint32(0, bytes.length, true);
    this.#waiting.push(head, bytes);
    this.wake();
  }

  wake(): void {
    let isChanged = false;
    for (let first; (first = this.#waiting[0]);) {
      const put = this.#wire.ring.put(first);
      isChanged ||= put > 0;
      if (put < first.length) {
        this.#waiting[0] = first.subarray(put);
        break;
      }
      this.#waiting.shift();
    }
    if (isChanged) this.#wire.far.ring();
  }
}

/** In the thread that is told. */
export class MessageReader {
  readonly #wire: Wire;
  readonly #memory: () => SharedArrayBuffer;
  readonly #head = new Uint8Array(HEAD_BYTES);
  /** What comes now, the head or what follows it, and how much of that is there. */
  #into: Uint8Array = this.#head;
  #at = 0;

  /** @param memory What each memory in a message is. */
  constructor(wire: Wire, memory: () => SharedArrayBuffer) {
    this.#wire = wire;
    this.#memory = memory;
  }

  /** The next message, if all of it is there. */
  next(): Message | undefined {
    const { ring, near } = this.#wire;
    for (;;) {
      const count = ring.peek(this.#into.subarray(this.#at));
      ring.consume(count);
      this.#at += count;
      // There is room again.
      if (count > 0) near.ring();
      if (this.#at < this.#into.length) return undefined;
      const whole = this.#into;
      this.#at = 0;
      if (whole === this.#head) {
        this.#into = new Uint8Array(new DataView(whole.buffer).getUint32(0, true));
        continue;
      }
      this.#into = this.#head;
      // What the channel of the other thread sends.
      return valueInBytes(whole, this.#memory()) as Message;
    }
  }
}

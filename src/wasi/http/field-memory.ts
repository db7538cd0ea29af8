import { Trap } from "../../io/trap.ts";

/** How many times what one header may have all of an instance may have together. */
const MANY = 64;

/** More fields than may be. WASI 0.2 has no words for it, so that a guest traps. */
export class FieldsTooLarge extends Trap {
  constructor(message: string) {
    super("11.3", message);
  }
}

/** What the fields of one instance take, each header and trailer alone and all of them together. */
export class FieldMemory {
  readonly #limitBytes: number;
  #heldBytes = 0;

  /** @param limitBytes The most for one header or trailer. */
  constructor(limitBytes: number) {
    this.#limitBytes = limitBytes;
  }

  get heldBytes(): number {
    return this.#heldBytes;
  }

  /** Before anything is done with fields that take so many bytes at least. @throws {FieldsTooLarge} If one header has no room for them. */
  assertFits(bytes: number): void {
    if (bytes > this.#limitBytes) {
      throw new FieldsTooLarge(`fields of ${bytes} bytes, of at most ${this.#limitBytes} (limits.fieldBytes)`);
    }
  }

  /** The fields of one header go from `from` to `to` bytes. @throws {FieldsTooLarge} Over a limit. */
  hold(from: number, to: number): void {
    const held = this.#heldBytes + to - from;
    this.assertFits(to);
    if (held > this.#limitBytes * MANY) {
      throw new FieldsTooLarge(
        `fields of ${held} bytes in all, of at most ${MANY} times ${this.#limitBytes} (limits.fieldBytes)`,
      );
    }
    this.#heldBytes = held;
  }
}

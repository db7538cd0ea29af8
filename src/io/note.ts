/** What is known of objects that are somebody else's. */

/**
 * Kept on the objects themselves. A `WeakMap` to which keys come and go all the time, as connections do, gets old with all that
 * it has: see `Roster`.
 */
export class Note<T extends object, V> {
  readonly #key = Symbol("note");

  get(of: T): V | undefined {
    // Nobody else has the key.
    return (of as Readonly<Record<symbol, unknown>>)[this.#key] as V | undefined;
  }

  /** @param of No object that is frozen. */
  set(of: T, value: V): void {
    (of as Record<symbol, unknown>)[this.#key] = value;
  }

  delete(of: T): void {
    if (this.#key in of) (of as Record<symbol, unknown>)[this.#key] = undefined;
  }
}

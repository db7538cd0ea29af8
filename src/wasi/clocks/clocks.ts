/** A clock that only moves forward. All times in nanoseconds. */
export interface MonotonicClock {
  now(): bigint;
  resolution(): bigint;
  /**
   * Calls `callback` once, after the event loop has had a turn, when about `delayNs` have passed; it may be early.
   *
   * @returns A function that cancels it.
   */
  schedule(delayNs: bigint, callback: () => void): () => void;
}

/** A point in time since 1970-01-01T00:00:00Z, as in `wasi:clocks/wall-clock`. */
export interface Datetime {
  readonly seconds: bigint;
  /** Less than 1,000,000,000. */
  readonly nanoseconds: number;
}

/** A clock that shows the time of day, and may be set back. */
export interface WallClock {
  now(): Datetime;
  resolution(): Datetime;
}

/** What an output stream is doing now, as one would see a basin before a gate. */
export interface Level {
  /** Whether it takes bytes, waits for a flush, owes a failure, or is over. */
  readonly state: "open" | "flushing" | "failed" | "closed";
  /** Bytes that wait for the sink. */
  readonly bufferedBytes: number;
  /** The most that may wait: `limits.bufferBytes`. */
  readonly capacityBytes: number;
  /** What `check-write` would permit now, 0 for not now. */
  readonly permittedBytes: number;
  /** Whether somebody waits for it: a write, a flush, or a poll. */
  readonly isAwaited: boolean;
}

/** What one stream carried, for people who want to know. */
export interface Tally {
  /** Bytes that the guest read or wrote. */
  bytes: number;
  /** Calls on the stream. */
  calls: number;
  /** Times that somebody had to wait for it. */
  waits: number;
}

export function newTally(): Tally {
  return { bytes: 0, calls: 0, waits: 0 };
}

/** How the output that a record ends has ended. */
export interface OutputEnd {
  /** Of the command whose output it is: 0 to 255. Missing: nobody said. */
  readonly exitCode: number | undefined;
  /** `sha-256=` and the hash of all its bytes in hexadecimal. Missing: nobody counted. */
  readonly digest: string | undefined;
  /** The sequence of the first record of the output. Missing: this is the only one. */
  readonly first: number | undefined;
}

/** What a record of a stage's output says of the segment that it belongs to. */
export interface SegmentMark {
  /** The hash of the component, in hexadecimal. */
  readonly component: string;
  /** The sequence of the segment's first input record. */
  readonly first: number;
  /** Bytes of the whole output before the segment. */
  readonly start: number;
  /** The hash of the segment's output up to the end of this record, in hexadecimal. */
  readonly hash: string;
  /** Present in the segment's last record: the sequence of its last input record. */
  readonly last: number | undefined;
}

/** What a writer says of a record, in its headers. */
export interface Mark {
  /** Who has written it: one writer has one for all its records, and no other has the same. */
  readonly writer: string;
  /** Bytes of the output before this record. */
  readonly offset: number;
  /** Present in the last record of an output. */
  readonly end?: OutputEnd;
  /** Present in what a stage writes. */
  readonly segment?: SegmentMark;
  /** Present in what is written of a job: by which attempt, from 1 on. */
  readonly attempt?: number;
  /** Present where a job has failed for the last time, and why: it has no result, and nothing follows. */
  readonly dead?: string;
}

/** A record to append. Its bytes belong to the log until it is acknowledged; of one that is not, for ever. */
export interface LogRecord {
  readonly data: Uint8Array;
  readonly mark: Mark;
  /** What it is known by: no other record has the same. */
  readonly id: string;
  /**
   * The `id` of the record that it must follow, where that is not known to be stored yet: a sequence alone would not tell whether
   * somebody else has taken its place.
   */
  readonly previous?: string | undefined;
  /** What else its headers say. */
  readonly headers?: Readonly<Record<string, string>> | undefined;
}

/** A record that is stored. */
export interface StoredRecord {
  /** Its place in the stream, from 1 on. */
  readonly sequence: number;
  readonly data: Uint8Array;
  /** Missing: no writer of ours has written it. */
  readonly mark: Mark | undefined;
  /** When it was stored, in milliseconds since 1970, where readers are told. */
  readonly time?: number;
}

/** Where a stream begins and ends. */
export interface Extent {
  /** The sequence of its first record, of whatever subject; if it has none, of the one that will be. */
  readonly first: number;
  /** The sequence of the log's last record, 0 if there is none, if nobody will ever append to the stream. */
  readonly sealedAt: number | undefined;
}

/** Reads records in order. One call at a time. */
export interface LogReader {
  /**
   * The next record; `undefined` if none has come for a while.
   *
   * @throws {BrokerError} After which the next call begins anew, behind the last record that was given.
   */
  next(): Promise<StoredRecord | undefined>;
  /** Releases what the broker keeps for it. Must not reject. */
  close(): Promise<void>;
}

/**
 * The records of one subject of a stream, in order, and the little that a broker has to be able to do: append at an expected
 * place, say what is last, read from a place.
 */
export interface Log {
  readonly subject: string;
  /**
   * Whether the subject is all that the stream has. The sequence of a record can then be foretold, so that many may be under
   * way; otherwise only one.
   */
  readonly isExclusive: boolean;

  /**
   * Appends a record if `expected` is the sequence of the last one: of the stream if the log is exclusive, otherwise of the
   * subject. 0 is none.
   *
   * @returns Its sequence, once the broker has acknowledged it.
   * @throws {BrokerError}
   */
  append(record: LogRecord, expected: number): Promise<number>;

  /** The last record. @throws {BrokerError} */
  last(): Promise<StoredRecord | undefined>;

  /** The first record whose sequence is at least `sequence`. @throws {BrokerError} */
  at(sequence: number): Promise<StoredRecord | undefined>;

  /** Where its stream begins, and whether it has ended. @throws {BrokerError} */
  extent(): Promise<Extent>;

  /** A reader of all records whose sequence is at least `sequence`. */
  read(sequence: number): LogReader;
}

/** Time, in milliseconds, as whoever retries needs it. */
export interface Timing {
  now(): number;
  wait(ms: number): Promise<void>;
}

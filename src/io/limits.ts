/** What one instance may make the host hold. Each protects the host, and other instances, from this one. */
export interface Limits {
  /**
   * Bytes that one output stream holds for a sink that does not take them; also the largest permit. Protects memory
   * from a guest that writes faster than anybody reads.
   */
  readonly bufferBytes: number;
  /** Bytes that one read gives at most, however many are asked for. Protects memory from `read(u64::MAX)`. */
  readonly readBytes: number;
  /**
   * Live handles of all component instances of one component together, whatever they stand for (streams, pollables,
   * timers, errors, resources of the guest's own). Protects memory from a guest that drops nothing.
   */
  readonly resources: number;
  /**
   * Open files, directories, and streams on them or of their entries. Protects the descriptors of the host, which all
   * instances share.
   */
  readonly openFiles: number;
  /** Open sockets, and requests of HTTP under way. Protects the descriptors of the host, which all instances share. */
  readonly sockets: number;
  /**
   * Bytes of datagrams that one UDP socket holds in each direction, each datagram with 256 for its address and the like:
   * what has arrived and nobody has taken, and what waits to leave. Protects memory from those who send to a guest that
   * does not receive, and from a guest that sends faster than the network takes.
   */
  readonly datagramBytes: number;
  /** Name lookups that run at a time; more wait. Protects the host's resolver, which all instances share. */
  readonly lookups: number;
  /** Random bytes that one call gives. Protects time and memory from `get-random-bytes(u64::MAX)`. */
  readonly randomBytes: number;
  /**
   * Bytes that the values which one call passes to JavaScript may take there, by an estimate that is high: text, lists, and
   * what is in them. Protects memory and time from lists that are small to the guest and large to us.
   */
  readonly valueBytes: number;
  /** Entries of the list that one `poll` takes. Protects time from a list that is asked again at each change. */
  readonly pollables: number;
  /** Bytes that one write to a file takes; of more it takes the first. Protects time, and memory where they are copied. */
  readonly writeBytes: number;
  /** Bytes of one header or trailer, each field with 72 for what it costs to keep. Protects memory from a guest that sets many. */
  readonly fieldBytes: number;
  /** Calls of WASI 0.3 that a guest has begun and not let go of, and its threads. Protects memory from a guest that waits for none. */
  readonly tasks: number;
  /** Entries of directories that a guest is in the middle of reading. Protects memory from a guest that makes many files. */
  readonly listedEntries: number;
}

/** What holds where an instance is not given others. */
export const DEFAULT_LIMITS: Limits = {
  bufferBytes: 64 * 1024,
  readBytes: 64 * 1024,
  resources: 100_000,
  openFiles: 1000,
  sockets: 1000,
  datagramBytes: 1024 * 1024,
  lookups: 16,
  randomBytes: 16 * 1024 * 1024,
  valueBytes: 64 * 1024 * 1024,
  pollables: 16_384,
  writeBytes: 1024 * 1024,
  fieldBytes: 128 * 1024,
  tasks: 20_000,
  listedEntries: 200_000,
};

/** The most that `blocking-write-and-flush` and `blocking-write-zeroes-and-flush` take: fixed by the WIT. */
export const BLOCKING_WRITE_BYTES = 4096;

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
   * Live resources (streams, pollables, errors), and pollables in one list. Protects memory and time from a guest that
   * drops nothing, or that polls one thing a million times.
   */
  readonly resources: number;
  /** Open files, directories and streams on them. Protects the descriptors of the host, which all instances share. */
  readonly openFiles: number;
  /** Open sockets. Protects the descriptors of the host, which all instances share. */
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
  /** Bytes that one `descriptor.write` takes. Protects memory from a guest that has all of its own written at once. */
  readonly writeBytes: number;
  /**
   * Bytes of the guest's memory that become strings, and lists of other things than numbers, in one call: as parameters of
   * an embedder's function, or the result of an export. Protects memory: in JavaScript they are many times as large.
   */
  readonly valueBytes: number;
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
  writeBytes: 16 * 1024 * 1024,
  valueBytes: 64 * 1024 * 1024,
};

/** The most that `blocking-write-and-flush` and `blocking-write-zeroes-and-flush` take: fixed by the WIT. */
export const BLOCKING_WRITE_BYTES = 4096;

/** Completes `limits` with the defaults. @throws {RangeError} For a value that is not a positive whole number. */
export function limitsFrom(limits: Partial<Limits> = {}): Limits {
  const known = { ...DEFAULT_LIMITS, ...limits };
  for (const [name, value] of Object.entries(known)) {
    if (!Object.hasOwn(DEFAULT_LIMITS, name)) {
      throw new RangeError(`Unknown limit ${name}: expected one of ${Object.keys(DEFAULT_LIMITS).join(", ")}`);
    }
    if (!Number.isSafeInteger(value) || value < 1) {
      throw new RangeError(`limits.${name} must be a positive whole number, got ${String(value)}`);
    }
  }
  return known;
}

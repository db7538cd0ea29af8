import { createHash, type Hash } from "node:crypto";
import type { Source } from "../io/ports.ts";
import { changed, woken } from "../io/steps.ts";
import type { Log, OutputEnd, StoredRecord, Timing } from "./log.ts";
import { digestOf, LogSink } from "./log-sink.ts";
import { LogSource } from "./log-source.ts";
import type { Retry } from "./retry.ts";
import { seek } from "./seek.ts";

/** What is stored is not what was to be: other bytes, or another hash. */
export class DifferentBytesError extends Error {
  override readonly name: string = "DifferentBytesError";
}

export interface TransferOptions {
  readonly giveUpMs: number;
  readonly timing: Timing;
  readonly retry: Retry;
}

export interface PutOptions extends TransferOptions {
  /** A name that nobody else has. */
  readonly writer: string;
  /** The sequence of the stream's last record. */
  readonly lastSequence: number;
  readonly windowBytes: number;
  readonly messageBytes: number;
}

/** What a transfer has come to. */
export interface Transferred {
  /** Of the whole output. */
  readonly bytes: number;
  /** How many of them were there already. */
  readonly resumedAt: number;
  readonly digest: string | undefined;
}

/**
 * Puts all of `input` into a log, with its hash at the end. What is there of it already is compared and not sent again.
 *
 * @throws {DifferentBytesError} If what is there is no beginning of `input`, or another output.
 */
export async function put(log: Log, input: AsyncIterable<Uint8Array>, options: PutOptions): Promise<Transferred> {
  const { retry, giveUpMs, timing, windowBytes, messageBytes, writer } = options;
  const last = await retry.until(() => log.last());
  const resumedAt = last?.mark ? last.mark.offset + last.data.length : 0;
  const hash = createHash("sha256");
  if (last?.mark?.end) return alreadyThere(log, input, last.mark.end, resumedAt, hash);
  const first = resumedAt > 0 ? (await retry.until(() => log.at(1)))?.sequence : undefined;
  const stored = first === undefined ? undefined : new LogSource(log, { from: first, giveUpMs, timing });
  const sink = new LogSink(
    log,
    { windowBytes, messageBytes, cut: "soon" },
    {
      writer,
      after: log.isExclusive ? options.lastSequence : (last?.sequence ?? 0),
      offset: resumedAt,
      first,
      full: "fail",
      giveUpMs,
      timing,
    },
    hash,
  );
  let seen = 0;
  try {
    for await (const chunk of input) {
      const known = chunk.subarray(0, Math.max(0, resumedAt - seen));
      seen += chunk.length;
      if (known.length > 0) {
        hash.update(known);
        if (stored) await assertSame(log, stored, known);
      }
      await writeAll(sink, chunk.subarray(known.length));
    }
  } finally {
    stored?.close();
  }
  if (seen < resumedAt)
    throw new DifferentBytesError(`${log.subject} has ${resumedAt} bytes, of ${seen} that are to be put`);
  await sink.end();
  return { bytes: seen, resumedAt, digest: (await retry.until(() => log.last()))?.mark?.end?.digest };
}

/** Compares bytes with those that are stored, where that was left. */
async function assertSame(log: Log, stored: Source, bytes: Uint8Array): Promise<void> {
  for (let done = 0; done < bytes.length;) {
    const there = stored.read(bytes.length - done);
    if (there === null || Buffer.compare(there, bytes.subarray(done, done + there.length)) !== 0) {
      throw new DifferentBytesError(`${log.subject} begins with other bytes than those that are to be put`);
    }
    done += there.length;
    // oxlint-disable-next-line no-await-in-loop -- as a reader waits
    if (there.length === 0) await changed(stored);
  }
}

/** The output is complete: then it must be this one. */
async function alreadyThere(
  log: Log,
  input: AsyncIterable<Uint8Array>,
  { digest }: OutputEnd,
  bytes: number,
  hash: Hash,
): Promise<Transferred> {
  for await (const chunk of input) hash.update(chunk);
  const own = digestOf(hash);
  if (own === digest) return { bytes, resumedAt: bytes, digest };
  throw new DifferentBytesError(
    `${log.subject} has an output already that is another: its hash is ${digest ?? "not known"}`,
  );
}

async function writeAll(sink: LogSink, bytes: Uint8Array): Promise<void> {
  for (let at = 0; at < bytes.length;) {
    const taken = sink.write(bytes.subarray(at));
    at += taken;
    // oxlint-disable-next-line no-await-in-loop -- as a writer waits
    if (taken === 0) await woken(sink);
  }
}

export interface GetOptions extends TransferOptions {
  /** What the receiver has of it already. */
  readonly existing: AsyncIterable<Uint8Array> | undefined;
  /** Bytes of that. */
  readonly existingBytes: number;
}

/**
 * Gives all bytes of an output that has ended, or is still written, to `write`, behind what the receiver has already.
 *
 * @throws {DifferentBytesError} If the hash at its end is another: `write` has had the bytes by then.
 */
export async function get(
  log: Log,
  write: (bytes: Uint8Array) => Promise<void>,
  { existing, existingBytes, giveUpMs, timing, retry }: GetOptions,
): Promise<Transferred & { readonly exitCode: number | undefined }> {
  const hash = createHash("sha256");
  if (existing) for await (const chunk of existing) hash.update(chunk);
  const last = await retry.until(() => log.last());
  const first = last?.mark?.end ? (last.mark.end.first ?? last.sequence) : 1;
  const from =
    last && existingBytes > 0 ? await retry.until(() => seek(log, first, last.sequence, existingBytes)) : first;
  let skip = 0;
  let isFirst = true;
  const onRecord = ({ mark }: StoredRecord): void => {
    if (isFirst) skip = existingBytes - (mark?.offset ?? 0);
    isFirst = false;
  };
  const source = new LogSource(log, { from, giveUpMs, timing, onRecord });
  let bytes = existingBytes;
  try {
    for await (const chunk of chunksOf(source)) {
      const fresh = chunk.subarray(Math.min(skip, chunk.length));
      skip -= chunk.length - fresh.length;
      hash.update(fresh);
      bytes += fresh.length;
      await write(fresh);
    }
  } finally {
    source.close();
  }
  const own = digestOf(hash);
  const { end } = source;
  if (skip > 0) throw new DifferentBytesError(`${log.subject} is shorter than what is there of it, by ${skip} bytes`);
  if (end?.digest !== undefined && end.digest !== own) {
    throw new DifferentBytesError(`${log.subject} has the hash ${end.digest}, but these bytes have ${own}`);
  }
  return { bytes, resumedAt: existingBytes, digest: end?.digest, exitCode: end?.exitCode };
}

const CHUNK_BYTES = 1024 * 1024;

async function* chunksOf(source: Source): AsyncGenerator<Uint8Array> {
  for (;;) {
    const bytes = source.read(CHUNK_BYTES);
    if (bytes === null) return;
    if (bytes.length > 0) yield bytes;
    // oxlint-disable-next-line no-await-in-loop -- as a reader waits
    else await changed(source);
  }
}

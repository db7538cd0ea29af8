import { closeSync, createReadStream, fsyncSync, openSync, statSync, writeSync } from "node:fs";
import { once } from "node:events";
import { createStream, KEEPING } from "../../nats/create.ts";
import { accessTo } from "../../nats/jetstream-log.ts";
import { openLog, type OpenedLog } from "../../nats/ports.ts";
import { assertTakes } from "../../nats/streams.ts";
import { SYSTEM_TIMING } from "../../nats/timing.ts";
import { get, put, type Transferred } from "../../nats/transfer.ts";
import { size } from "../progress.ts";
import { UsageError } from "../usage.ts";
import { say } from "../write.ts";
import type { Connected } from "./connection.ts";
import { streamAnd, type Given } from "./given.ts";

const ACK_WAIT_MS = 5000;
const WINDOW_BYTES = 1024 * 1024;
const MESSAGE_BYTES = 64 * 1024;

/** `sluice put`. */
export async function putBytes(given: Given, connected: Connected): Promise<number> {
  const { log, config, lastSequence, giveUpMs, retry } = await open(given, connected);
  assertTakes(config);
  const messageBytes = given.number("message", 1) ?? MESSAGE_BYTES;
  const most = connected.nc.info?.max_payload ?? messageBytes;
  if (messageBytes >= most) throw new UsageError(`--message must be below ${most}, which the server permits`);
  const done = await put(log, process.stdin, {
    writer: connected.client.transport.nuid.next(),
    lastSequence,
    windowBytes: Math.max(WINDOW_BYTES, messageBytes),
    messageBytes,
    giveUpMs,
    retry,
    timing: SYSTEM_TIMING,
  });
  say(`put ${told(done)} into ${log.subject}\n`);
  return 0;
}

/** `sluice get`: gives the exit code of whoever has written it. */
export async function getBytes(given: Given, connected: Connected): Promise<number> {
  const { log, giveUpMs, retry } = await open(given, connected);
  const target = new Target(given.text("output"));
  const done = await get(log, (bytes) => target.write(bytes), {
    existing: target.existing(),
    existingBytes: target.existingBytes,
    giveUpMs,
    retry,
    timing: SYSTEM_TIMING,
  });
  target.close();
  say(`got ${told(done)} from ${log.subject}\n`);
  return done.exitCode ?? 0;
}

async function open(given: Given, { client, nc }: Connected): Promise<OpenedLog> {
  const [word, another] = given.words;
  if (word === undefined || another !== undefined) {
    throw new UsageError(
      `\`sluice ${given.verb}\` expects STREAM or STREAM/SUBJECT, got ${JSON.stringify(given.words)}`,
    );
  }
  const [stream, subject] = streamAnd(word, "STREAM or STREAM/SUBJECT");
  if (given.has("create")) {
    const access = await accessTo(client, nc, stream, ACK_WAIT_MS);
    await createStream(access, { ...KEEPING, subjects: [subject ?? stream.toLowerCase()] });
  }
  const giveUp = given.duration("give-up", 0);
  return openLog(client, nc, {
    stream,
    ackWait: ACK_WAIT_MS,
    ...(subject !== undefined && { subject }),
    ...(giveUp !== undefined && { giveUp }),
  });
}

function told({ bytes, resumedAt, digest }: Transferred): string {
  const parts = [size(bytes), digest ?? "no hash to compare with"];
  if (resumedAt > 0) parts.push(`${size(resumedAt)} of it had been there`);
  return parts.join(", ");
}

/** Where bytes go: a file, behind what it has, or standard output. */
class Target {
  readonly existingBytes: number;
  readonly #path: string | undefined;
  #file: number | undefined;

  constructor(path: string | undefined) {
    this.#path = path;
    this.existingBytes = path === undefined ? 0 : (statSync(path, { throwIfNoEntry: false })?.size ?? 0);
  }

  existing(): AsyncIterable<Uint8Array> | undefined {
    return this.#path === undefined || this.existingBytes === 0 ? undefined : createReadStream(this.#path);
  }

  async write(bytes: Uint8Array): Promise<void> {
    if (this.#path === undefined) {
      if (!process.stdout.write(bytes)) await once(process.stdout, "drain");
      return;
    }
    this.#file ??= openSync(this.#path, "a");
    for (let at = 0; at < bytes.length;) at += writeSync(this.#file, bytes, at);
  }

  close(): void {
    if (this.#file === undefined) return;
    fsyncSync(this.#file);
    closeSync(this.#file);
  }
}

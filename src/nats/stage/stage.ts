import { createHash } from "node:crypto";
import { compile, run, SeededRandom, type CompiledComponent } from "../../index.ts";
import { loadClient, type Client } from "../client.ts";
import type { NatsConnection } from "../client-types.ts";
import { HEADER_BYTES } from "../headers.ts";
import { assertSize } from "../numbers.ts";
import { openLog } from "../ports.ts";
import { assertKeeps, assertTakes, StreamConfigError } from "../streams.ts";
import { SYSTEM_TIMING } from "../timing.ts";
import { runSegments, type Segment, type SegmentInput } from "./segments.ts";

/** A stream and, if it has several, a subject of it. */
export interface StagePlace {
  readonly stream: string;
  readonly subject?: string;
}

/** What a stage reads and writes, and how. */
export interface StageOptions {
  /** What is read: it must keep its messages until they have been. */
  readonly input: StagePlace;
  /** A stream of its own: one subject, which nobody else writes to. */
  readonly output: StagePlace;
  /**
   * Messages of the input that one run of the component gets: 1000 by default. It is run again for the next ones; what it knows
   * is lost between. To start anew is to run one of these segments again.
   */
  readonly segment?: number;
  /** The guest's arguments; the first is the program's own name. */
  readonly args?: readonly string[];
  /** The guest's environment, all of it. */
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** Bytes of a message of the output, at most: 64 KiB by default. */
  readonly message?: number;
  /** Bytes that may be written and not acknowledged: 1 MiB by default. */
  readonly window?: number;
  /** Milliseconds that the broker may be out of reach. It is waited for as long as it takes by default. */
  readonly giveUp?: number;
  /** Milliseconds after which an answer counts as lost: 5000 by default. */
  readonly ackWait?: number;
  /** Stops before the next segment. */
  readonly signal?: AbortSignal;
  /** Told after each segment. */
  readonly onSegment?: (segment: Segment) => void;
}

/**
 * Runs a command from stream to stream, in order: each byte of its output is stored once, whatever fails and how often it is
 * started, as long as it writes the same again for the same input. If it does not, that is found out, and it stops.
 *
 * It has arguments and an environment, and nothing else: its random bytes are a function of the segment, and its clock stands
 * still at the time when the first message of that was stored.
 *
 * @param component The bytes of a command. With other bytes an output cannot be gone on with.
 * @returns The exit code at the end of the input: 0, or nothing if `signal` has stopped it before.
 * @throws {DivergedError} If the component has not written the same again.
 * @throws {StageFailedError} If it has not come to a good end.
 * @throws {FencedError} If somebody else writes to the output.
 */
export async function stage(
  component: Uint8Array,
  nc: NatsConnection,
  options: StageOptions,
): Promise<number | undefined> {
  return runStage(await loadClient(), component, nc, options);
}

/** As `stage`. */
export async function runStage(
  client: Client,
  component: Uint8Array,
  nc: NatsConnection,
  options: StageOptions,
): Promise<number | undefined> {
  const { segment = 1000, message = 65_536, window = 1024 * 1024, ackWait = 5000, giveUp = Infinity } = options;
  assertSize("segment", segment, Number.MAX_SAFE_INTEGER);
  assertSize("message", message, (nc.info?.max_payload ?? Infinity) - HEADER_BYTES);
  assertSize("window", window, Number.MAX_SAFE_INTEGER);
  const input = await openLog(client, nc, { ...options.input, giveUp, ackWait });
  const output = await openLog(client, nc, { ...options.output, giveUp, ackWait });
  assertKeeps(input.config);
  assertTakes(output.config);
  if (!output.log.isExclusive) {
    throw new StreamConfigError(
      `Stream ${output.config.name} has other subjects than ${output.log.subject}: the output of a stage needs a stream of its own`,
    );
  }
  const compiled = await compile(component);
  return runSegments(input.log, output.log, {
    run: (given) => runOnce(compiled, given, options),
    component: createHash("sha256").update(component).digest("hex"),
    records: segment,
    windowBytes: window,
    messageBytes: message,
    giveUpMs: giveUp,
    timing: SYSTEM_TIMING,
    newWriter: () => client.transport.nuid.next(),
    lastSequence: output.lastSequence,
    onSegment: options.onSegment ?? (() => {}),
    isStopping: () => options.signal?.aborted ?? false,
  });
}

async function runOnce(
  compiled: CompiledComponent,
  { stdin, stdout, first, time }: SegmentInput,
  { args = [], env = {} }: StageOptions,
): Promise<number> {
  const now = { seconds: BigInt(Math.floor(time / 1000)), nanoseconds: (time % 1000) * 1e6 };
  const { exitCode } = await run(compiled, {
    args,
    env,
    stdin,
    stdout,
    random: new SeededRandom(BigInt(first)),
    insecureSeed: [BigInt(first), 0n],
    wallClock: { now: () => now, resolution: () => ({ seconds: 0n, nanoseconds: 1_000_000 }) },
  });
  return exitCode;
}

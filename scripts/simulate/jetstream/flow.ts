/** Bytes that are put into a stream, go through a stage into another, and are got from there: once each, and in order. */
import { createHash } from "node:crypto";
import { changed, woken } from "../../../src/io/steps.ts";
import { FencedError } from "../../../src/nats/broker-error.ts";
import { Retry } from "../../../src/nats/retry.ts";
import { DivergedError } from "../../../src/nats/stage/replay-sink.ts";
import { runSegments, type SegmentInput } from "../../../src/nats/stage/segments.ts";
import { get, put } from "../../../src/nats/transfer.ts";
import { Random } from "../../random.ts";
import type { ModelStream } from "./broker.ts";
import { making, newStream, type Body } from "./sim-log.ts";
import { Process, World } from "./world.ts";

const CALM_FROM_MS = 20_000;
const COMPONENT = createHash("sha256").update("a component").digest("hex");

/** What is wrong with a flow of a seed; nothing if all is as it has to be. */
export async function wrongFlow(seed: number): Promise<string | undefined> {
  const flow = new Flow(new Random(seed));
  const isOver = await flow.play();
  return flow.unexpected ?? (isOver ? flow.wrong() : "the flow never comes to its end");
}

class Flow {
  readonly #random: Random;
  readonly #world: World;
  readonly #input: ModelStream<Body>;
  readonly #output: ModelStream<Body>;
  readonly #content: Uint8Array;
  readonly #segment: number;
  /** A guest that writes something else each time it runs. */
  readonly #isFickle: boolean;
  #hasDiverged = false;
  #runs = 0;
  #names = 0;
  #got: number[] | undefined;
  /** What a process has ended with that it must not. */
  unexpected: string | undefined;

  constructor(random: Random) {
    this.#random = random;
    this.#world = new World(random, CALM_FROM_MS);
    [this.#input, this.#output] = [newStream(random), newStream(random)];
    this.#content = random.bytes(random.below(60));
    this.#segment = random.from(1, 5);
    this.#isFickle = random.once(4);
    if (random.once(3)) {
      this.#output.mostMessages = random.below(10);
      this.#world.later(random.below(CALM_FROM_MS), () => {
        this.#output.mostMessages = Infinity;
      });
    }
    this.#supervise((process) => this.#put(process));
    for (let stages = random.from(1, 2); stages > 0; stages--) this.#supervise((process) => this.#stage(process));
    this.#supervise((process) => this.#get(process));
  }

  play(): Promise<boolean> {
    return this.#world.until(() => this.unexpected !== undefined || this.#hasDiverged || this.#got !== undefined);
  }

  /** Starts it, again when it is killed, at any moment, and when another has been before it. */
  #supervise(work: (process: Process) => Promise<void>): void {
    const [world, random, process] = [this.#world, this.#random, new Process()];
    const again = (): void => {
      if (!process.isAlive) return;
      process.isAlive = false;
      this.#supervise(work);
    };
    work(process).catch((error: unknown) => {
      if (error instanceof DivergedError && this.#isFickle) this.#hasDiverged = true;
      // Of two the first wins; a supervisor starts the other again.
      else if (error instanceof FencedError) world.later(100, again);
      else this.unexpected ??= error instanceof Error ? `${error.name}: ${error.message}` : String(error);
    });
    world.later(random.below(CALM_FROM_MS / 2), () => {
      if (world.isCalm) return;
      if (random.once(3)) process.stoppedUntil = world.now + random.below(5000);
      else again();
    });
  }

  #options(process: Process) {
    const timing = this.#world.timing(process);
    return { giveUpMs: Infinity, timing, retry: new Retry(timing, Infinity) };
  }

  async #put(process: Process): Promise<void> {
    const options = this.#options(process);
    const log = making.log(this.#world, process, this.#input, "in", true);
    const random = this.#random;
    const content = this.#content;
    async function* chunks(): AsyncGenerator<Uint8Array> {
      for (let at = 0; at < content.length;) {
        const chunk = content.subarray(at, at + random.from(1, 9));
        at += chunk.length;
        yield chunk;
        if (random.once(3)) await options.timing.wait(random.below(2000));
      }
    }
    const lastSequence = (await options.retry.until(() => log.last()))?.sequence ?? 0;
    const writer = `p${++this.#names}`;
    await put(log, chunks(), { ...options, writer, lastSequence, windowBytes: 16, messageBytes: 4 });
  }

  async #stage(process: Process): Promise<void> {
    const options = this.#options(process);
    const [input, output] = [
      making.log(this.#world, process, this.#input, "in", true),
      making.log(this.#world, process, this.#output, "out", true),
    ];
    await runSegments(input, output, {
      ...options,
      run: (given) => this.#run(given),
      component: COMPONENT,
      records: this.#segment,
      windowBytes: 16,
      messageBytes: 3,
      newWriter: () => `s${++this.#names}`,
      lastSequence: (await options.retry.until(() => output.last()))?.sequence ?? 0,
      onSegment: () => {},
      isStopping: () => false,
    });
  }

  /** Each byte, and the sum of all before it in the segment; or, if it is fickle, the number of its run for each. */
  async #run({ stdin, stdout }: SegmentInput): Promise<number> {
    const run = ++this.#runs;
    let sum = 0;
    /* oxlint-disable no-await-in-loop -- as a guest waits */
    for (let bytes = stdin.read(3); bytes !== null; bytes = stdin.read(3)) {
      if (bytes.length === 0) await changed(stdin);
      const out = [...bytes].flatMap((byte) => (this.#isFickle ? [run & 0xff] : [byte, (sum = (sum + byte) & 0xff)]));
      for (let at = 0; at < out.length;) {
        const taken = stdout.write(Uint8Array.from(out.slice(at)));
        at += taken;
        if (taken === 0) await woken(stdout);
      }
    }
    while (!stdout.flush()) await woken(stdout);
    /* oxlint-enable no-await-in-loop */
    return 0;
  }

  async #get(process: Process): Promise<void> {
    const log = making.log(this.#world, process, this.#output, "out", true);
    const got: number[] = [];
    const write = async (bytes: Uint8Array): Promise<void> => {
      got.push(...bytes);
    };
    await get(log, write, { ...this.#options(process), existing: undefined, existingBytes: 0 });
    this.#got = got;
  }

  wrong(): string | undefined {
    const stored = this.#output.messages.flatMap(({ body }) => [...body.data]);
    if (this.#isFickle) return this.#mixed();
    if (this.#hasDiverged) return "a stage has stopped, though its guest writes the same each time";
    const input = this.#input.messages.flatMap(({ body }) => [...body.data]);
    if (!same(input, [...this.#content])) return "what was put is not what is there";
    const expected = this.#expected();
    if (!same(stored, expected)) return `the output has ${stored.length} bytes, which are not the ${expected.length}`;
    if (!same(this.#got ?? [], stored)) return "what was got is not what is there";
    const ends = this.#output.messages.filter(({ body }) => body.mark?.end);
    return ends.length === 1 ? undefined : `the output has ${ends.length} ends`;
  }

  /** Whether a segment has bytes of two runs. */
  #mixed(): string | undefined {
    const runs = new Map<number, number>();
    for (const { body } of this.#output.messages) {
      const first = body.mark?.segment?.first ?? 0;
      for (const byte of body.data) {
        if ((runs.get(first) ?? byte) !== byte) return `the segment from ${first} on has bytes of two runs`;
        runs.set(first, byte);
      }
    }
    return undefined;
  }

  /** What the guest makes of segments of the input, as its records are. */
  #expected(): number[] {
    const out: number[] = [];
    let sum = 0;
    for (const [index, { body }] of this.#input.messages.entries()) {
      if (index % this.#segment === 0) sum = 0;
      for (const byte of body.data) out.push(byte, (sum = (sum + byte) & 0xff));
    }
    return out;
  }
}

function same(one: readonly number[], other: readonly number[]): boolean {
  return one.length === other.length && one.every((byte, at) => byte === other[at]);
}

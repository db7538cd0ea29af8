/** Jobs on the model broker: each must have its result once and whole, or be put aside once. */
import type { Sink } from "../../../src/io/ports.ts";
import { woken } from "../../../src/io/steps.ts";
import type { Job } from "../../../src/nats/work/job.ts";
import { Worker } from "../../../src/nats/work/worker.ts";
import { Random } from "../../random.ts";
import { ModelQueue, type ModelStream } from "./broker.ts";
import { making, newStream, type Body } from "./sim-log.ts";
import { Process, World } from "./world.ts";

const ACK_WAIT_MS = 3000;
/** More than a job is ever delivered while things go wrong: who is put aside has failed by itself. */
const RETRIES = 12;
const CALM_FROM_MS = 20_000;

/** What is wrong with jobs of a seed; nothing if all is as it has to be. */
export async function wrongJobs(seed: number): Promise<string | undefined> {
  const play = new Jobs(new Random(seed));
  return (await play.play()) ? play.wrong() : "the jobs never come to their end";
}

class Jobs {
  readonly #random: Random;
  readonly #world: World;
  readonly #jobs: ModelStream<Body>;
  readonly #results: ModelStream<Body>;
  readonly #dead: ModelStream<Body>;
  readonly #queue: ModelQueue<Body>;
  readonly #count: number;
  /** By sequence: what its data says. */
  readonly #data = new Map<number, number>();
  #writers = 0;

  constructor(random: Random) {
    this.#random = random;
    this.#world = new World(random, CALM_FROM_MS);
    [this.#jobs, this.#results, this.#dead] = [newStream(random), newStream(random), newStream(random)];
    this.#queue = new ModelQueue(this.#jobs, ACK_WAIT_MS);
    this.#count = random.from(1, 8);
    for (let job = 1; job <= this.#count; job++) {
      const body = { data: Uint8Array.of(job), mark: undefined };
      this.#world.later(random.below(CALM_FROM_MS / 2), () => {
        this.#data.set(this.#jobs.publish({ subject: "jobs", body, id: undefined }, this.#world.now), job);
      });
    }
    if (random.once(3)) this.#beFullForAWhile();
    for (let workers = random.from(1, 3); workers > 0; workers--) this.#start();
  }

  async play(): Promise<boolean> {
    return this.#world.until(() => this.#jobs.lastSequence === this.#count && this.#jobs.messages.length === 0);
  }

  #beFullForAWhile(): void {
    this.#results.mostMessages = this.#random.below(10);
    this.#world.later(this.#random.below(CALM_FROM_MS), () => {
      this.#results.mostMessages = Infinity;
    });
  }

  /** A worker, that is killed or stands still at any moment, and is started again. */
  #start(): void {
    const [world, random, process] = [this.#world, this.#random, new Process()];
    void new Worker(making.queue(world, process, this.#queue), {
      concurrency: random.from(1, 2),
      heartbeatMs: ACK_WAIT_MS / 3,
      every: (ms, callback) => this.#every(process, ms, callback),
      timing: world.timing(process),
      onOutcome: () => {},
      run: (job, stdout) => this.#run(process, job, stdout),
      resultLog: ({ sequence }) => making.log(world, process, this.#results, `result.${sequence}`, false),
      deadLog: ({ sequence }) => making.log(world, process, this.#dead, `dead.${sequence}`, false),
      retries: RETRIES,
      backoffMs: 1,
      windowBytes: 8,
      messageBytes: 4,
      giveUpMs: Infinity,
      newWriter: () => `w${++this.#writers}`,
      deadMessageBytes: Infinity,
      onTrouble: () => {},
    });
    world.later(random.below(CALM_FROM_MS), () => {
      if (random.once(3)) process.stoppedUntil = world.now + random.below(2 * ACK_WAIT_MS);
      else {
        process.isAlive = false;
        this.#start();
      }
    });
  }

  #every(process: Process, ms: number, callback: () => void): () => void {
    let isOver = false;
    const next = (): void =>
      this.#world.in(process, ms, () => {
        if (isOver) return;
        callback();
        next();
      });
    next();
    return () => {
      isOver = true;
    };
  }

  /** A guest that takes its time. Each fifth job fails, each seventh has no output. */
  async #run(process: Process, job: Job, stdout: Sink): Promise<number> {
    const timing = this.#world.timing(process);
    const bytes = outputOf(job.data[0] ?? 0);
    /* oxlint-disable no-await-in-loop -- as a guest waits */
    for (let at = 0; at < bytes.length;) {
      if (this.#random.once(3)) await timing.wait(this.#random.below(ACK_WAIT_MS));
      const taken = stdout.write(bytes.subarray(at, at + this.#random.from(1, 6)));
      at += taken;
      if (taken === 0) await woken(stdout);
    }
    while (!stdout.flush()) await woken(stdout);
    /* oxlint-enable no-await-in-loop */
    return isBad(job.data[0] ?? 0) ? 3 : 0;
  }

  wrong(): string | undefined {
    for (const [sequence, job] of this.#data) {
      const wrong = this.#wrongJob(sequence, job);
      if (wrong !== undefined) return `job ${sequence} ${wrong}`;
    }
    return undefined;
  }

  #wrongJob(sequence: number, job: number): string | undefined {
    const results = this.#results.messages.filter(({ subject }) => subject === `result.${sequence}`);
    const dead = this.#dead.messages.filter(({ subject }) => subject === `dead.${sequence}`);
    const ends = results.filter(({ body }) => body.mark?.end);
    if (isBad(job)) {
      return dead.length === 1 && ends.length === 0 ? undefined : `is put aside ${dead.length} times`;
    }
    const last = results.at(-1);
    if (dead.length > 0) return "is put aside, though it does not fail";
    if (ends.length !== 1 || !last?.body.mark?.end) return `has ${ends.length} results, or more after it`;
    const first = last.body.mark.end.first ?? last.sequence;
    const bytes = results.filter((message) => message.sequence >= first).flatMap(({ body }) => [...body.data]);
    return same(outputOf(job), bytes) ? undefined : `has another result, of ${bytes.length} bytes`;
  }
}

function isBad(job: number): boolean {
  return job === 5;
}

function outputOf(job: number): Uint8Array {
  return new Uint8Array(job === 7 ? 0 : 5 * job - 3).map((_, at) => 31 * job + at);
}

function same(one: Uint8Array, other: readonly number[]): boolean {
  return one.length === other.length && one.every((byte, at) => byte === other[at]);
}

/** Threads that play mutants, and who watches them: what hangs or takes all memory is found, and the others go on. */
import { Worker } from "node:worker_threads";
import { reasonOf } from "./batch.ts";
import { STAGES } from "./play.ts";
import type { Message, Order } from "./worker.ts";

/** Longer than any mutant takes, on a machine that has other things to do. */
const HANG_MS = 15_000;
/** Of JavaScript's heap in one thread. Mutants are small. */
const HEAP_MB = 600;

/** Of failures that are alike. */
const MOST_TOLD = 5;

export class Watched {
  readonly #tally = new Map<string, number>();
  readonly #kinds = new Map<string, number>();
  #played = 0;
  failures = 0;

  /** Plays the mutants of seeds from `seed` on, in `threads` threads. */
  async run(seed: number, count: number, threads: number): Promise<void> {
    const each = Math.ceil(count / threads);
    const starts = Array.from({ length: threads }, (_, index) => index * each).filter((start) => start < count);
    const report = setInterval(() => this.print(), 60_000);
    await Promise.all(starts.map((start) => this.#range(seed + start, Math.min(each, count - start))));
    clearInterval(report);
  }

  #add(key: string, more: number): void {
    this.#tally.set(key, (this.#tally.get(key) ?? 0) + more);
  }

  print(): void {
    console.log(`${this.#played} mutants, ${this.failures} failures`);
    for (const [key, times] of [...this.#tally].toSorted(([a], [b]) => a.localeCompare(b))) {
      console.log(`  ${key}: ${times}`);
    }
  }

  async #range(seed: number, count: number): Promise<void> {
    let from = seed;
    const end = seed + count;
    while (from < end) from += await this.#thread(from, end - from);
  }

  /** @returns How many seeds are done with. */
  #thread(seed: number, count: number): Promise<number> {
    const progress = new Int32Array(new SharedArrayBuffer(8));
    // Nothing has begun.
    progress[0] = -1;
    const order: Order = { seed, count, progress };
    const worker = new Worker(new URL("worker.ts", import.meta.url), {
      workerData: order,
      resourceLimits: { maxOldGenerationSizeMb: HEAP_MB },
    });
    worker.on("message", (message: Message) => this.#hear(message));
    return new Promise((resolve, reject) => {
      let [last, since] = [-2, performance.now()];
      const watchdog = setInterval(() => {
        const at = Atomics.load(progress, 0);
        if (at !== last) {
          this.#played += Math.max(0, at) - Math.max(0, last);
          [last, since] = [at, performance.now()];
        }
        // Until its mutants are prepared it plays none.
        if (at < 0 || performance.now() - since < HANG_MS || at >= count) return;
        const stage = STAGES[Atomics.load(progress, 1)] ?? "load";
        // Guests may run forever: known ones too, when they are put together otherwise.
        if (stage === "load" || stage === "close") this.#fail(seed + at, `hangs in stage ${stage}`);
        else {
          console.log(`seed ${seed + at}: runs forever in stage ${stage}`);
          this.#add(`${stage}: the guest runs forever`, 1);
        }
        finish(at + 1);
      }, 500);
      let isOver = false;
      const finish = (done: number): void => {
        if (isOver) return;
        isOver = true;
        this.#played += done - Math.max(0, last);
        clearInterval(watchdog);
        worker.removeAllListeners("error");
        worker.on("error", () => {});
        void worker.terminate();
        resolve(done);
      };
      worker.on("error", (error) => {
        const at = Atomics.load(progress, 0);
        if (at < 0) return reject(error);
        this.#fail(seed + at, `${STAGES[Atomics.load(progress, 1)]}: the thread ends: ${reasonOf(error)}`);
        finish(at + 1);
      });
      worker.on("exit", () => finish(Math.max(0, Atomics.load(progress, 0))));
    });
  }

  #hear(message: Message): void {
    switch (message.is) {
      case "failure":
        return this.#fail(message.failure.seed, `${message.failure.stage}: ${message.failure.reason}`);
      case "slow":
        return console.log(`seed ${message.seed}: ${Math.round(message.ms)} ms`);
      case "tally":
        for (const [key, times] of message.tally) this.#add(key, times);
    }
  }

  #fail(seed: number, reason: string): void {
    this.failures++;
    const kind = reason
      .replaceAll(/0x[0-9a-f]+|wasm:\S+|"[^"]*"/g, "")
      .split("\n", 3)
      .join();
    const times = this.#kinds.get(kind) ?? 0;
    this.#kinds.set(kind, times + 1);
    if (times < MOST_TOLD) console.log(`FAILED: npm run fuzz -- mutate --seed ${seed} --count 1\n${reason}\n`);
  }
}

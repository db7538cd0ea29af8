/** A thread that plays mutants, and says in shared memory where it is: it may never come back from there. */
import { parentPort, workerData } from "node:worker_threads";
import { Batch, type Failure } from "./batch.ts";
import { STAGES, type Outcome } from "./play.ts";

/** What a thread is to do. */
export interface Order {
  readonly seed: number;
  readonly count: number;
  /** How many are done; the stage that the next one is in. */
  readonly progress: Int32Array;
}

export type Message =
  | { readonly is: "failure"; readonly failure: Failure }
  | { readonly is: "slow"; readonly seed: number; readonly ms: number }
  | { readonly is: "tally"; readonly tally: ReadonlyMap<string, number> };

/** One that takes longer than this is told of. */
const SLOW_MS = 1500;

// It is started by `main.ts` alone.
const { seed, count, progress } = workerData as Order;
const post = (message: Message): void => {
  // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread has none
  parentPort?.postMessage(message);
};
const batch = await Batch.prepare();
const tally = new Map<string, number>();
const add = (key: string, more: number): void => void tally.set(key, (tally.get(key) ?? 0) + more);
let begin = performance.now();

function told({ stage, allowed, returned, trapped }: Outcome): void {
  add(`${stage}: ${allowed ?? "FAILED"}`, 1);
  add("calls that returned", returned);
  add("calls that trapped", trapped);
}

await batch.run(seed, count, {
  enter(own, stage) {
    Atomics.store(progress, 1, STAGES.indexOf(stage));
    Atomics.store(progress, 0, own - seed);
  },
  done(own, outcome) {
    told(outcome);
    const ms = performance.now() - begin;
    if (ms > SLOW_MS) post({ is: "slow", seed: own, ms });
    Atomics.store(progress, 0, own - seed + 1);
    if ((own - seed + 1) % 500 === 0) {
      post({ is: "tally", tally });
      tally.clear();
    }
    begin = performance.now();
  },
  failed: (failure) => post({ is: "failure", failure }),
});
post({ is: "tally", tally });

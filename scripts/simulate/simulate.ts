/* oxlint-disable no-await-in-loop -- one after the other */
import { Random } from "../random.ts";
import type { Setup, Step, Trace } from "./calls.ts";
import { wrong } from "./check.ts";
import { traceOf } from "./generate.ts";
import { play, WAYS, type Way } from "./play.ts";

/** What is wrong, and on which way. */
export interface Failure {
  readonly way: Way;
  readonly reason: string;
}

export function traceOfSeed(seed: number): Trace {
  return traceOf(new Random(seed));
}

/** The first way on which a trace is not what the contract says; nothing if it is on all. */
export async function failureOf(trace: Trace, ways: readonly Way[] = WAYS): Promise<Failure | undefined> {
  for (const way of ways) {
    const reason = wrong(trace.setup, await play(trace, way), way === "leased");
    if (reason !== undefined) return { way, reason };
  }
  return undefined;
}

export interface Shrunk {
  readonly trace: Trace;
  readonly failure: Failure;
}

/** A trace that fails too, from which nothing can be taken away without that it passes. */
export async function shrunk(trace: Trace, failure: Failure): Promise<Shrunk> {
  let smallest: Shrunk = { trace, failure };
  for (let isSmaller = true; isSmaller;) {
    isSmaller = false;
    for (const candidate of smallerThan(smallest.trace)) {
      const found = await failureOf(candidate, [failure.way]);
      if (!found) continue;
      smallest = { trace: candidate, failure: found };
      isSmaller = true;
      break;
    }
  }
  return smallest;
}

/** Half of the steps less, then one, then one call; then a world that misbehaves less. */
function* smallerThan({ setup, steps }: Trace): Generator<Trace> {
  for (let size = steps.length >> 1; size >= 1; size >>= 1) {
    for (let at = 0; at + size <= steps.length; at += size) yield { setup, steps: steps.toSpliced(at, size) };
  }
  for (const [at, step] of steps.entries()) {
    if (!("calls" in step) || step.calls.length < 2) continue;
    for (const index of step.calls.keys()) {
      const fewer: Step = { calls: step.calls.toSpliced(index, 1) };
      yield { setup, steps: steps.with(at, fewer) };
    }
  }
  for (const simpler of simplerThan(setup)) yield { setup: simpler, steps };
}

const NO_FAULTS = {
  sink: {
    failAt: Infinity,
    closeAt: Infinity,
    stallAt: Infinity,
    writeBytes: Infinity,
    onFlush: false,
    holdsFlush: false,
    blocks: false,
  },
  source: { failAt: Infinity, endAt: Infinity, stallAt: Infinity, readBytes: Infinity, blocks: false },
  disk: { later: false, pieceBytes: Infinity, failAfter: Infinity },
} as const;

function* simplerThan(setup: Setup): Generator<Setup> {
  const [one, other] = setup.sinks;
  for (const sink of without(one, NO_FAULTS.sink)) yield { ...setup, sinks: [sink, other] };
  for (const sink of without(other, NO_FAULTS.sink)) yield { ...setup, sinks: [one, sink] };
  for (const source of without(setup.source, NO_FAULTS.source)) yield { ...setup, source };
  for (const disk of without(setup.disk, NO_FAULTS.disk)) yield { ...setup, disk };
  if (setup.msPerLook > 0) yield { ...setup, msPerLook: 0 };
}

function* without<T extends object>(faulty: T, none: Partial<T>): Generator<T> {
  for (const [name, value] of Object.entries(none)) {
    if (Reflect.get(faulty, name) !== value) yield { ...faulty, [name]: value };
  }
}

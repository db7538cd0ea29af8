/* oxlint-disable no-await-in-loop -- a sequence is played in turn */
/** Sequences of calls, played on a socket and on a small model of it: both say the same of each. */
import assert from "node:assert/strict";

/** Something that can be called by names. */
export interface Player<Operation> {
  play(operation: Operation): string | Promise<string>;
}

/** What is compared. */
export interface Machine<Operation, Real extends Player<Operation>, Model extends Player<Operation>> {
  real(): Real | Promise<Real>;
  model(): Model;
  /** Compares what no call has said, and releases what the real one holds. */
  end?(real: Real, model: Model): void;
}

export async function compare<Operation, Real extends Player<Operation>, Model extends Player<Operation>>(
  machine: Machine<Operation, Real, Model>,
  sequence: readonly Operation[],
): Promise<void> {
  const real = await machine.real();
  const model = machine.model();
  for (const [at, operation] of sequence.entries()) {
    const playing = real.play(operation);
    const came = typeof playing === "string" ? playing : await playing;
    const expected = await model.play(operation);
    if (came !== expected) {
      assert.fail(`${sequence.slice(0, at + 1).join(", ")}: the last gave ${came}, expected ${expected}`);
    }
  }
  machine.end?.(real, model);
}

/** All sequences of so many operations. */
export function* sequences<Operation>(operations: readonly Operation[], length: number): Generator<Operation[]> {
  if (length === 0) {
    yield [];
    return;
  }
  for (const shorter of sequences(operations, length - 1)) {
    for (const operation of operations) yield [...shorter, operation];
  }
}

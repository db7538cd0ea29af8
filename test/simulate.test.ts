/** The simulation: a few hundred seeds are as the contract says, and faults that are put in on purpose are found. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { textOf } from "../scripts/simulate/calls.ts";
import { firstHttpFailure } from "../scripts/simulate/http.ts";
import { HTTP_MUTANTS } from "../scripts/simulate/http-mutants.ts";
import { MUTANTS, NETWORK_MUTANTS } from "../scripts/simulate/mutants.ts";
import { firstNetworkFailure } from "../scripts/simulate/network.ts";
import { pairOfSeed, wrongPair } from "../scripts/simulate/pair.ts";
import { PAIR_MUTANTS } from "../scripts/simulate/pair-mutants.ts";
import { WAYS } from "../scripts/simulate/play.ts";
import { failureOf, shrunk, traceOfSeed } from "../scripts/simulate/simulate.ts";

// Many errors are made here, and thrown away.
Error.stackTraceLimit = 0;

const SEEDS = 300;

for (const way of WAYS) {
  test(`${SEEDS} seeds are as the contract says, ${way}`, async () => {
    for (let seed = 1; seed <= SEEDS; seed++) {
      const trace = traceOfSeed(seed);
      const failure = await failureOf(trace, [way]);
      if (failure) assert.fail(`npm run simulate -- ${seed} --count 1 --way ${way}: ${failure.reason}`);
    }
  });
}

/** The first seed that finds what is wrong now. */
async function firstFailing(): Promise<number | undefined> {
  for (let seed = 1; seed <= SEEDS; seed++) if (await failureOf(traceOfSeed(seed))) return seed;
  return undefined;
}

for (const { name, insert } of MUTANTS) {
  test(`found: ${name}`, async () => {
    const remove = insert();
    try {
      assert.notEqual(await firstFailing(), undefined);
    } finally {
      remove();
    }
  });
}

test(`${SEEDS} pairs of guests, each of whose output is the other's input, are as the contract says`, async () => {
  for (let seed = 1; seed <= SEEDS; seed++) {
    const wrong = await wrongPair(pairOfSeed(seed));
    if (wrong !== undefined) assert.fail(`npm run simulate -- ${seed} --count 1 --pairs: ${wrong}`);
  }
});

async function isPairFound(): Promise<boolean> {
  for (let seed = 1; seed <= SEEDS; seed++) if ((await wrongPair(pairOfSeed(seed))) !== undefined) return true;
  return false;
}

for (const { name, insert } of PAIR_MUTANTS) {
  test(`found between two: ${name}`, async () => {
    const remove = insert();
    try {
      assert.ok(await isPairFound());
    } finally {
      remove();
    }
  });
}

test("what fails is cut down, and fails again for the same seed", async () => {
  const [mutant] = MUTANTS;
  assert.ok(mutant);
  const remove = mutant.insert();
  try {
    const seed = await firstFailing();
    assert.ok(seed !== undefined);
    const trace = traceOfSeed(seed);
    const failure = await failureOf(trace);
    assert.ok(failure);
    assert.deepEqual(await failureOf(traceOfSeed(seed)), failure);
    const small = await shrunk(trace, failure);
    assert.ok(small.trace.steps.length <= 3, textOf(small.trace));
    assert.ok(await failureOf(small.trace, [failure.way]));
  } finally {
    remove();
  }
});

test(`${SEEDS} seeds on a network in memory are as the contract says`, async () => {
  const failure = await firstNetworkFailure(1, SEEDS);
  if (failure) assert.fail(`npm run simulate -- ${failure.seed} --count 1 --way network: ${failure.reason}`);
});

for (const { name, insert } of NETWORK_MUTANTS) {
  test(`found on the network: ${name}`, async () => {
    const remove = insert();
    try {
      const failure = await firstNetworkFailure(1, SEEDS);
      assert.ok(failure);
      assert.equal((await firstNetworkFailure(failure.seed, 1))?.reason, failure.reason);
    } finally {
      remove();
    }
  });
}

/** Connections are the system's own, and a server reads on for 5 seconds whom it has answered early. */
const HTTP_SEEDS = 60;

test(`${HTTP_SEEDS} seeds of requests on connections that break are as the contract says`, async () => {
  const failure = await firstHttpFailure(1, HTTP_SEEDS);
  if (failure) assert.fail(`npm run simulate -- ${failure.seed} --count 1 --way http: ${failure.reason}`);
});

for (const [seed, found] of [
  [72, "a response that Node resets before its end has left"],
  [350, "an assertion of Node's, where a stream is destroyed between its end and its trailers"],
  [965, "a connection that has not shaken hands when the server ends"],
] as const) {
  test(`${found}: seed ${seed} of HTTP`, async () => {
    assert.equal((await firstHttpFailure(seed, 1))?.reason, undefined);
  });
}

for (const { name, insert } of HTTP_MUTANTS) {
  test(`found on connections that break: ${name}`, async () => {
    const remove = insert();
    try {
      assert.ok(await firstHttpFailure(1, HTTP_SEEDS));
    } finally {
      remove();
    }
  });
}

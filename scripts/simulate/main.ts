/**
 * `npm run simulate -- SEED [--count N] [--way WAY]`: guests that make calls at random, on streams, clocks and files that
 * misbehave at random, all from one seed, against what the contract says; and connections on a network in memory. What fails is
 * cut down, and fails again for the same seed. With `--jetstream` jobs, streams and stages on a model of JetStream instead.
 */
import { parseArgs } from "node:util";
import { textOf } from "./calls.ts";
import { firstHttpFailure } from "./http.ts";
import { firstWrong, PLAY_NAMES } from "./jetstream/jetstream.ts";
import { firstNetworkFailure, networkText, shrunkNetwork } from "./network.ts";
import { pairOfSeed, wrongPair } from "./pair.ts";
import { WAYS, type Way } from "./play.ts";
import { failureOf, shrunk, traceOfSeed } from "./simulate.ts";

const USAGE = `usage: npm run simulate -- SEED [--count N] [--way ${WAYS.join("|")}|network|http | --pairs | --jetstream]`;

Error.stackTraceLimit = 0;
process.exitCode = await main();

async function main(): Promise<number> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      count: { type: "string", default: "1000" },
      way: { type: "string" },
      pairs: { type: "boolean" },
      jetstream: { type: "boolean" },
    },
  });
  const seed = Number(positionals[0] ?? 1);
  const count = Number(values.count);
  const ways = WAYS.filter((way) => values.way === undefined || values.way === way);
  const isOnNetwork = values.way === undefined || values.way === "network";
  const isHttp = values.way === "http";
  if (!Number.isSafeInteger(seed) || !Number.isSafeInteger(count) || (ways.length === 0 && !isOnNetwork && !isHttp)) {
    console.error(USAGE);
    return 2;
  }
  if (values.pairs === true) return playPairs(seed, count);
  if (values.jetstream === true) return onJetStream(seed, count);
  if (isHttp) return playHttp(seed, count);
  let failures = isOnNetwork ? await onNetwork(seed, count) : 0;
  for (let index = 0; index < count && ways.length > 0; index++) {
    const trace = traceOfSeed(seed + index);
    // oxlint-disable-next-line no-await-in-loop -- one after the other
    const failure = await failureOf(trace, ways);
    if (!failure) continue;
    failures++;
    // oxlint-disable-next-line no-await-in-loop -- as above
    const small = await shrunk(trace, failure);
    console.log(`seed ${seed + index}: ${failure.way}: ${small.failure.reason}\n${textOf(small.trace)}`);
    console.log(`again: npm run simulate -- ${seed + index} --count 1 --way ${failure.way satisfies Way}`);
    if (failures >= 5) break;
  }
  const played = [...ways, ...(isOnNetwork ? ["network"] : [])].join(", ");
  console.log(`${count} sequences on ${played}: ${failures} failures`);
  return failures > 0 ? 1 : 0;
}

/** Two guests at a time: see pair.ts. */
async function playPairs(seed: number, count: number): Promise<number> {
  let failures = 0;
  for (let index = 0; index < count && failures < 5; index++) {
    const trace = pairOfSeed(seed + index);
    // oxlint-disable-next-line no-await-in-loop -- one after the other
    const wrong = await wrongPair(trace);
    if (wrong === undefined) continue;
    failures++;
    console.log(`seed ${seed + index}: ${wrong}\n${JSON.stringify(trace)}`);
  }
  console.log(`${count} pairs: ${failures} failures`);
  return failures > 0 ? 1 : 0;
}

async function onJetStream(seed: number, count: number): Promise<number> {
  const wrong = await firstWrong(PLAY_NAMES, seed, count);
  if (wrong) console.log(`seed ${wrong.seed}: ${wrong.name}: ${wrong.reason}`);
  console.log(`${count} seeds of ${PLAY_NAMES.join(", ")}: ${wrong ? "a failure" : "no failure"}`);
  return wrong ? 1 : 0;
}

/** Requests on connections that break: see http.ts. They are the system's own, and take longer than all else. */
async function playHttp(seed: number, count: number): Promise<number> {
  const failure = await firstHttpFailure(seed, count);
  if (failure) {
    console.log(`seed ${failure.seed}: http: ${failure.reason}\n${JSON.stringify(failure.trace)}`);
    console.log(`again: npm run simulate -- ${failure.seed} --count 1 --way http`);
  } else console.log(`${count} sequences of http: 0 failures`);
  return failure ? 1 : 0;
}

/** How many fail, of which the first is shown. */
async function onNetwork(seed: number, count: number): Promise<number> {
  const failure = await firstNetworkFailure(seed, count);
  if (!failure) return 0;
  const small = await shrunkNetwork(failure.trace);
  console.log(`seed ${failure.seed}: network: ${failure.reason}\n${networkText(small)}`);
  console.log(`again: npm run simulate -- ${failure.seed} --count 1 --way network`);
  return 1;
}

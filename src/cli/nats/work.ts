import { messageOf } from "../../io/cause.ts";
import { basename } from "node:path";
import { isatty } from "node:tty";
import { createConsumer, createStream, KEEPING } from "../../nats/create.ts";
import { accessTo } from "../../nats/jetstream-log.ts";
import { startWork, type WorkOptions, type Working } from "../../nats/work/work.ts";
import { listenAddress } from "../address.ts";
import { ERASE_LINE } from "../progress.ts";
import { readComponent } from "../read.ts";
import { onSignal } from "../signals.ts";
import { UsageError } from "../usage.ts";
import { onLineOfItsOwn, say, sayOnLine } from "../write.ts";
import type { Connected } from "./connection.ts";
import { place, streamAnd, variables, type Given } from "./given.ts";
import { serveMetrics } from "./metrics.ts";

const ACK_WAIT_MS = 5000;
const PROGRESS_MS = 500;

/** `sluice work`: carries out jobs until a signal comes and those under way are done; gives the exit code. */
export async function workOn(given: Given, connected: Connected): Promise<number> {
  const options = optionsOf(given);
  const metricsAt = given.text("metrics");
  const address = metricsAt === undefined ? undefined : listenAddress(metricsAt, "--metrics", "0.0.0.0:9090");
  const [path = ""] = given.words;
  const component = readComponent(path);
  if (given.has("create")) await createAll(connected, options);
  let worker: Working | undefined;
  // Before the first job: where nobody can listen none is begun.
  const metrics = address && (await serveMetrics(address, () => worker));
  try {
    worker = await startWork(connected.client, component, connected.nc, options);
    await untilStopped(worker, `${options.jobs.stream}/${options.jobs.consumer} with ${basename(path)}`);
  } finally {
    metrics?.close();
  }
  const { done, already, dead } = worker.counts;
  say(`${done + already} jobs are done, ${dead} have failed\n`);
  return 0;
}

async function untilStopped(worker: Working, what: string): Promise<void> {
  for (const warning of worker.warnings) say(`sluice: ${warning}\n`);
  say(`Carrying out jobs of ${what}\n`);
  const stopProgress = showProgress(worker);
  const stopListening = onSignal(() => {
    say(`Taking no more jobs; ${worker.counts.running} under way\n`);
    void worker.drain().catch(() => {});
  });
  try {
    await worker.stopped;
  } finally {
    stopListening();
    stopProgress();
  }
}

function optionsOf(given: Given): WorkOptions {
  const [stream, consumer] = streamAnd(given.needed("jobs", "STREAM/CONSUMER"), "STREAM/CONSUMER");
  if (consumer === undefined) throw new UsageError(`--jobs expects STREAM/CONSUMER, got ${JSON.stringify(stream)}`);
  const [path, ...args] = given.words;
  if (path === undefined) throw new UsageError("Expected a component, got none: see `sluice help work`");
  const env = variables(given);
  const dead = given.text("dead");
  const [timeout, giveUp] = [given.duration("timeout"), given.duration("give-up", 0)];
  const [concurrency, retries] = [given.number("concurrency", 1), given.number("retries", 0)];
  return {
    jobs: { stream, consumer },
    results: place(given.needed("results", "STREAM")),
    headers: given.texts("header"),
    // A guest that computes and calls nothing ends in time only in a thread of its own.
    options: () => ({ args: [basename(path), ...args], env, ...(timeout !== undefined && { isolate: "thread" }) }),
    onOutcome: ({ sequence, attempt }, outcome) => {
      if (outcome === "retried" || outcome === "dead") say(`sluice: job ${sequence}, attempt ${attempt}: ${outcome}\n`);
    },
    onTrouble: ({ sequence }, cause) => {
      say(`sluice: job ${sequence} is left for a minute: ${messageOf(cause)}\n`);
    },
    ...(dead !== undefined && { dead: place(dead) }),
    ...(timeout !== undefined && { timeout }),
    ...(giveUp !== undefined && { giveUp }),
    ...(concurrency !== undefined && { concurrency }),
    ...(retries !== undefined && { retries }),
  };
}

async function createAll({ client, nc }: Connected, { jobs, results, dead }: WorkOptions): Promise<void> {
  const queue = await accessTo(client, nc, jobs.stream, ACK_WAIT_MS);
  await createStream(queue, { retention: "workqueue", subjects: [jobs.stream.toLowerCase()] });
  await createConsumer(queue, jobs.consumer, { ack_policy: "explicit" });
  for (const { stream, subject } of [results, ...(dead ? [dead] : [])]) {
    // oxlint-disable-next-line no-await-in-loop -- one after the other
    const access = await accessTo(client, nc, stream, ACK_WAIT_MS);
    // oxlint-disable-next-line no-await-in-loop -- one after the other
    await createStream(access, { ...KEEPING, subjects: [`${subject ?? stream.toLowerCase()}.*`] });
  }
}

/** One line on a terminal, if standard error is one. Gives what ends it. */
function showProgress({ counts }: Working): () => void {
  if (!isatty(2)) return () => {};
  let isShown = false;
  onLineOfItsOwn(() => isShown);
  const timer = setInterval(() => {
    const { running, done, already, retried, dead } = counts;
    sayOnLine(`${ERASE_LINE}${running} under way, ${done + already} done, ${retried} tried again, ${dead} failed`);
    isShown = true;
  }, PROGRESS_MS);
  return () => {
    clearInterval(timer);
    if (isShown) sayOnLine(ERASE_LINE);
    isShown = false;
  };
}

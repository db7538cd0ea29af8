/**
 * `node scripts/nats-faults.ts [JOBS] [FAULTS]`: jobs on a real server, whose workers are killed or stopped for longer than the
 * broker waits, and which is killed itself, at random moments. Then each job must have one result, and the right one.
 */
import { fork, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { setTimeout as delay } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { natsSource } from "../src/nats/index.ts";
import { changed } from "../src/io/steps.ts";
import { keeping, TestServer, type Connected } from "../test/nats/server.ts";

const [JOBS = 600, FAULTS = 30] = process.argv.slice(2).map(Number);
const WORKERS = 3;
const ACK_WAIT_MS = 1000;
const CHILD = fileURLToPath(new URL("../test/nats/children/worker.ts", import.meta.url));
const CAT = fileURLToPath(new URL("../test/guests/built/cat.wasm", import.meta.url));
const OPTIONS = {
  jobs: { stream: "JOBS", consumer: "w" },
  results: { stream: "RESULTS" },
  concurrency: 4,
  message: 500,
};

/** From nothing to a few messages. */
const textOf = (job: number): string => `${job}\n`.repeat(100 * (job % 9));

async function startWorker(server: TestServer): Promise<ChildProcess> {
  const options = { stdio: ["ignore", "ignore", "inherit", "ipc"] as ("ignore" | "inherit" | "ipc")[] };
  const child = fork(CHILD, [server.url, CAT, JSON.stringify(OPTIONS)], options);
  await once(child, "message");
  return child;
}

/* oxlint-disable no-await-in-loop -- faults, jobs and results come one after the other */

async function play(server: TestServer, workers: ChildProcess[]): Promise<Record<string, number>> {
  const counts = { "workers killed": 0, "workers stopped": 0, "brokers killed": 0 };
  for (let fault = 0; fault < FAULTS; fault++) {
    await delay(Math.random() * 800);
    const victim = Math.floor(Math.random() * workers.length);
    if (fault % 5 === 4) {
      counts["brokers killed"]++;
      await server.signal("SIGKILL");
      await server.start();
    } else if (fault % 5 === 3) {
      counts["workers stopped"]++;
      workers[victim]?.kill("SIGSTOP");
      await delay(2 * ACK_WAIT_MS);
      workers[victim]?.kill("SIGCONT");
    } else {
      counts["workers killed"]++;
      workers[victim]?.kill("SIGKILL");
      workers[victim] = await startWorker(server);
    }
  }
  return counts;
}

async function publishAll({ js, headers }: Connected): Promise<void> {
  for (let job = 0; job < JOBS; job++) {
    await js.publish("jobs", Buffer.from(textOf(job)), { headers: headers(), timeout: 5000 });
  }
}

/** What is wrong with the results. */
async function problemsIn({ nc, manager }: Connected): Promise<string[]> {
  const ends = new Map<string, number>();
  const { state } = await manager.streams.info("RESULTS");
  for (let seq = 1; seq <= state.last_seq; seq++) {
    const message = await manager.streams.getMessage("RESULTS", { seq });
    if (message?.header.has("Sluice-Eof")) ends.set(message.subject, (ends.get(message.subject) ?? 0) + 1);
  }
  const problems: string[] = [];
  for (let job = 0; job < JOBS; job++) {
    const subject = `results.${job + 1}`;
    const count = ends.get(subject) ?? 0;
    if (count !== 1) problems.push(`job ${job} has ${count} results`);
    if (count === 0) continue;
    const source = await natsSource(nc, { stream: "RESULTS", subject, complete: true });
    const pieces: Uint8Array[] = [];
    for (let bytes = source.read(65_536); bytes !== null; bytes = source.read(65_536)) {
      if (bytes.length > 0) pieces.push(bytes);
      else await changed(source);
    }
    if (Buffer.concat(pieces).toString() !== textOf(job)) problems.push(`job ${job} has another result`);
  }
  return problems;
}

const server = new TestServer();
await server.start();
const before = await server.connect();
await before.manager.streams.add({ name: "JOBS", subjects: ["jobs"], retention: "workqueue", num_replicas: 1 });
await before.manager.streams.add(keeping("RESULTS", ["results.*"]));
const consumer = { durable_name: "w", ack_policy: "explicit", ack_wait: ACK_WAIT_MS * 1e6 };
await before.manager.consumers.add("JOBS", consumer);
await publishAll(before);
await before.nc.drain();
const workers = await Promise.all(Array.from({ length: WORKERS }, () => startWorker(server)));
const counts = await play(server, workers);
const at = await server.connect();
while ((await at.manager.streams.info("JOBS")).state.messages > 0) await delay(100);
const problems = await problemsIn(at);
for (const worker of workers) worker.kill("SIGKILL");
await at.nc.drain();
await server.stop();
const told = Object.entries(counts).map(([what, count]) => `${count} ${what}`);
console.log(`${JOBS} jobs, ${told.join(", ")}: ${problems.length} problems`);
for (const problem of problems.slice(0, 20)) console.log(problem);
process.exitCode = problems.length > 0 ? 1 : 0;

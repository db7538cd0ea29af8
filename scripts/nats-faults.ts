/**
 * `node scripts/nats-faults.ts [JOBS] [FAULTS] [SERVERS]`: jobs on a real server, or on a cluster of three, while they are being
 * published, and a stage that copies what is written meanwhile. At random moments workers are killed, or stopped for longer than the
 * broker waits, and so are servers: the one that leads the results above all, most of them at once, or one after the other. Then
 * each job must have one result, and the right one, and the output of the stage must be its input.
 */
import { fork, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { setTimeout as delay } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { natsSink, natsSource, stage, type NatsSink, type NatsSource } from "../src/nats/index.ts";
import { changed, woken } from "../src/io/steps.ts";
import { connectTo, freePort, guest, keeping, TestServer, type Connected } from "../test/nats/server.ts";

const [JOBS = 600, FAULTS = 30, SERVERS = 1] = process.argv.slice(2).map(Number);
const WORKERS = 3;
const ACK_WAIT_MS = 1000;
/** Longer than a cluster waits before it elects another leader. */
const STOPPED_MS = 6000;
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

/* oxlint-disable no-await-in-loop -- faults, jobs and results come one after the other */

/** Again until it succeeds: a broker that has just begun, or elects its leader, refuses, or says nothing. */
async function persistently<T>(attempt: () => Promise<T>): Promise<T> {
  for (;;) {
    try {
      return await attempt();
    } catch {
      await delay(100);
    }
  }
}

async function startServers(): Promise<readonly TestServer[]> {
  const ports = await Promise.all(Array.from({ length: SERVERS }, () => freePort()));
  const routes = ports.map((port) => `"nats-route://127.0.0.1:${port}"`).join(", ");
  const configOf = (port: number, index: number): string =>
    `server_name: s${index}\ncluster { name: c, listen: "127.0.0.1:${port}", routes: [${routes}] }`;
  const servers = ports.map((port, index) => new TestServer(SERVERS === 1 ? "" : configOf(port, index)));
  await Promise.all(servers.map((server) => server.start()));
  return servers;
}

const servers = await startServers();
const urls = servers.map(({ url }) => url);

/** Workers that have ended and that nobody has killed: an outage is waited for. */
let stoppedByThemselves = 0;

async function startWorker(): Promise<ChildProcess> {
  const options = { stdio: ["ignore", "ignore", "inherit", "ipc"] as ("ignore" | "inherit" | "ipc")[] };
  const child = fork(CHILD, [urls.join(","), CAT, JSON.stringify(OPTIONS)], options);
  // One that begins while there is no leader may give up.
  const isReady = await Promise.race([once(child, "message").then(() => true), once(child, "exit").then(() => false)]);
  if (!isReady) return startWorker();
  child.once("exit", (code) => {
    if (code !== null) stoppedByThemselves++;
  });
  return child;
}

function anyOf<T>(all: readonly T[]): T {
  const one = all[Math.floor(Math.random() * all.length)];
  if (one === undefined) throw new RangeError("there is none");
  return one;
}

/** The one that leads the results, if one does. */
async function leader({ manager }: Connected): Promise<TestServer> {
  const name = await manager.streams.info("RESULTS").then(
    ({ cluster }) => cluster?.leader,
    () => undefined,
  );
  return servers.find((_, index) => `s${index}` === name) ?? anyOf(servers);
}

interface Fault {
  readonly what: string;
  play(at: Connected, workers: ChildProcess[]): Promise<void>;
}

async function restart(server: TestServer): Promise<void> {
  await server.signal("SIGKILL");
  await server.start();
}

const KINDS: readonly Fault[] = [
  {
    what: "workers killed",
    async play(_at, workers) {
      const victim = anyOf([...workers.keys()]);
      workers[victim]?.kill("SIGKILL");
      workers[victim] = await startWorker();
    },
  },
  {
    what: "workers stopped",
    async play(_at, workers) {
      const victim = anyOf(workers);
      victim.kill("SIGSTOP");
      await delay(2 * ACK_WAIT_MS);
      victim.kill("SIGCONT");
    },
  },
  { what: "servers killed", play: () => restart(anyOf(servers)) },
  { what: "leaders killed", play: async (at) => restart(await leader(at)) },
  {
    what: "leaders stopped",
    async play(at) {
      const server = await leader(at);
      await server.signal("SIGSTOP");
      await delay(STOPPED_MS);
      await server.signal("SIGCONT");
    },
  },
];

/** Where there is one server, that is most of them. */
const MOST_OF_THEM: Fault = {
  what: "most servers killed at once",
  async play() {
    const victims = servers.slice(0, Math.ceil((servers.length + 1) / 2));
    await Promise.all(victims.map((server) => server.signal("SIGKILL")));
    await delay(STOPPED_MS / 2);
    await Promise.all(victims.map((server) => server.start()));
  },
};

const ROLLING: Fault = {
  what: "rolling restarts",
  async play() {
    for (const server of servers) {
      await server.signal("SIGTERM");
      await server.start();
    }
  },
};

async function play(at: Connected, workers: ChildProcess[]): Promise<ReadonlyMap<string, number>> {
  const counts = new Map<string, number>();
  for (let fault = 0; fault < FAULTS; fault++) {
    await delay(Math.random() * 800);
    const kinds = [KINDS[0], KINDS[0], ...KINDS, MOST_OF_THEM, ROLLING].filter((kind) => kind !== undefined);
    const { what, play: strike } = anyOf(kinds);
    counts.set(what, (counts.get(what) ?? 0) + 1);
    await strike(at, workers);
  }
  return counts;
}

/** Each once, whatever becomes of the broker: the broker knows those that it has by their number. */
async function publishAll({ js, headers }: Connected, isOver: () => boolean, log: NatsSink): Promise<void> {
  for (let job = 0; job < JOBS; job++) {
    await writeAll(log, Buffer.from(textOf(job)));
    const publish = () =>
      js.publish("jobs", Buffer.from(textOf(job)), { headers: headers(), msgID: String(job), timeout: 2000 });
    await persistently(publish);
    // Faster when no more faults come.
    if (!isOver()) await delay((FAULTS * 1000) / JOBS);
  }
}

async function writeAll(sink: NatsSink, bytes: Uint8Array): Promise<void> {
  for (let done = 0; done < bytes.length;) {
    const taken = sink.write(bytes.subarray(done));
    done += taken;
    if (taken === 0) await woken(sink);
  }
}

async function textIn(source: NatsSource): Promise<string> {
  const pieces: Uint8Array[] = [];
  for (let bytes = source.read(65_536); bytes !== null; bytes = source.read(65_536)) {
    if (bytes.length > 0) pieces.push(bytes);
    else await changed(source);
  }
  return Buffer.concat(pieces).toString();
}

/** What is wrong with the results. */
async function problemsIn({ nc, manager }: Connected): Promise<string[]> {
  const ends = new Map<string, number>();
  const { state } = await persistently(() => manager.streams.info("RESULTS"));
  for (let seq = 1; seq <= state.last_seq; seq++) {
    const message = await persistently(() => manager.streams.getMessage("RESULTS", { seq }));
    if (message?.header.has("Sluice-Eof")) ends.set(message.subject, (ends.get(message.subject) ?? 0) + 1);
  }
  const problems: string[] = [];
  for (let job = 0; job < JOBS; job++) {
    const subject = `results.${job + 1}`;
    const count = ends.get(subject) ?? 0;
    if (count !== 1) problems.push(`job ${job} has ${count} results`);
    if (count === 0) continue;
    const text = await textIn(await natsSource(nc, { stream: "RESULTS", subject, complete: true }));
    if (text !== textOf(job)) problems.push(`job ${job} has another result`);
  }
  return problems;
}

const at = await connectTo(urls);
const { manager } = at;
const replicated = { num_replicas: SERVERS };
const jobs = { name: "JOBS", subjects: ["jobs"], retention: "workqueue", ...replicated } as const;
await persistently(() => manager.streams.add(jobs));
await persistently(() => manager.streams.add({ ...keeping("RESULTS", ["results.*"]), ...replicated }));
for (const name of ["LOG", "OUT"]) {
  await persistently(() => manager.streams.add({ ...keeping(name, [name.toLowerCase()]), ...replicated }));
}
const consumer = { durable_name: "w", ack_policy: "explicit", ack_wait: ACK_WAIT_MS * 1e6 } as const;
await persistently(() => manager.consumers.add("JOBS", consumer));
const workers = await Promise.all(Array.from({ length: WORKERS }, () => startWorker()));
let isOver = false;
const log = await persistently(() => natsSink(at.nc, { stream: "LOG", message: 2000 }));
const places = { input: { stream: "LOG" }, output: { stream: "OUT" } };
const staged = stage(guest("cat"), at.nc, { ...places, segment: 20, message: 1000 }).catch((error: unknown) => error);
const published = publishAll(at, () => isOver, log).then(() => log.end(0));
const counts = await play(at, workers);
isOver = true;
await published;
const exitCode = await staged;
while ((await persistently(() => manager.streams.info("JOBS"))).state.messages > 0) await delay(100);
const problems = await problemsIn(at);
if (exitCode !== 0) problems.push(`the stage has ended with ${String(exitCode)}`);
const written = Array.from({ length: JOBS }, (_, job) => textOf(job)).join("");
const copied = await textIn(await natsSource(at.nc, { stream: "OUT" }));
if (copied !== written)
  problems.push(`the stage has written ${copied.length} bytes, not the ${written.length} it has read`);
if (stoppedByThemselves > 0) problems.push(`${stoppedByThemselves} workers have stopped by themselves`);
for (const worker of workers) worker.kill("SIGKILL");
await at.nc.drain();
await Promise.all(servers.map((server) => server.stop()));
const told = [...counts].map(([what, count]) => `${count} ${what}`);
console.log(`${JOBS} jobs, ${SERVERS} servers, ${told.join(", ")}: ${problems.length} problems`);
for (const problem of problems.slice(0, 20)) console.log(problem);
process.exitCode = problems.length > 0 ? 1 : 0;

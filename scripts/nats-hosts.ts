/**
 * `node scripts/nats-hosts.ts [JOBS] [GUEST]`, as root: workers on one to four hosts, which are network namespaces behind a bridge with the
 * broker at its other end. Says how many jobs a second they do together, and what each job costs of a processor.
 */
import { execFileSync, spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { setTimeout as delay } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { connectTo, freePort, keeping, TestServer, type Connected } from "../test/nats/server.ts";

/** The guest of a claim that sleeps for 60 ms or so, and hardly computes. */
const [JOBS = "200", GUEST = "timer-not-early"] = process.argv.slice(2);
const COUNT = Number(JOBS);
const HOSTS = 4;
const JOB_BYTES = 1024;
const NETWORK = "10.78.91";
const BRIDGE = "sluicebr";
const CHILD = fileURLToPath(new URL("../test/nats/children/worker.ts", import.meta.url));
const COMPONENT = fileURLToPath(new URL(`../test/guests/built/${GUEST}.wasm`, import.meta.url));

function ip(...args: readonly string[]): void {
  execFileSync("ip", args, { stdio: ["ignore", "ignore", "inherit"] });
}

const nameOf = (host: number): string => `sluice${host}`;

function makeHosts(): void {
  ip("link", "add", BRIDGE, "type", "bridge");
  ip("addr", "add", `${NETWORK}.254/24`, "dev", BRIDGE);
  ip("link", "set", BRIDGE, "up");
  for (let host = 1; host <= HOSTS; host++) {
    const [name, inside, outside] = [nameOf(host), "eth0", `sluicev${host}`];
    ip("netns", "add", name);
    ip("link", "add", outside, "type", "veth", "peer", "name", inside, "netns", name);
    ip("link", "set", outside, "master", BRIDGE, "up");
    ip("-n", name, "addr", "add", `${NETWORK}.${host}/24`, "dev", inside);
    ip("-n", name, "link", "set", inside, "up");
  }
}

/** What is not there is not missed. */
function removeHosts(): void {
  const attempts = [
    ["link", "del", BRIDGE],
    ...Array.from({ length: HOSTS }, (_, at) => ["netns", "del", nameOf(at + 1)]),
  ];
  for (const args of attempts) {
    try {
      execFileSync("ip", args, { stdio: "ignore" });
    } catch {
      continue;
    }
  }
}

/** Nanoseconds of a processor that a process has had. */
function processorNs({ pid }: ChildProcess): number {
  const of = (thread: string): number =>
    Number(readFileSync(`/proc/${pid}/task/${thread}/schedstat`, "utf8").split(" ", 1)[0]);
  return execFileSync("ls", [`/proc/${pid}/task`], { encoding: "utf8" })
    .split("\n")
    .filter(Boolean)
    .map(of)
    .reduce((sum, ns) => sum + ns, 0);
}

async function startWorker(host: number, url: string, number: number): Promise<ChildProcess> {
  const options = { jobs: { stream: `JOBS${number}`, consumer: "w" }, results: { stream: `RESULTS${number}` } };
  const args = ["netns", "exec", nameOf(host), process.execPath, CHILD, url, COMPONENT, JSON.stringify(options)];
  const child = spawn("ip", args, { stdio: ["ignore", "ignore", "inherit", "ipc"] });
  await once(child, "message");
  return child;
}

/** Jobs a second, and milliseconds of a processor for each. */
async function play(at: Connected, url: string, hosts: number, number: number): Promise<readonly [number, number]> {
  const { manager, js, headers } = at;
  await manager.streams.add({
    name: `JOBS${number}`,
    subjects: [`jobs${number}`],
    retention: "workqueue",
    num_replicas: 1,
  });
  await manager.streams.add(keeping(`RESULTS${number}`, [`results${number}.*`]));
  await manager.consumers.add(`JOBS${number}`, { durable_name: "w", ack_policy: "explicit" });
  const publish = (): Promise<unknown> =>
    js.publish(`jobs${number}`, new Uint8Array(JOB_BYTES), { headers: headers(), timeout: 10_000 });
  const left = async (): Promise<number> => (await manager.streams.info(`JOBS${number}`)).state.messages;
  const workers = await Promise.all(Array.from({ length: hosts }, (_, index) => startWorker(index + 1, url, number)));
  await Promise.all(Array.from({ length: COUNT }, publish));
  // Each is warm by then.
  while ((await left()) > COUNT * 0.9) await delay(5);
  const [begun, jobs] = [performance.now(), await left()];
  const before = workers.map((worker) => processorNs(worker)).reduce((sum, ns) => sum + ns, 0);
  while ((await left()) > 0) await delay(5);
  const seconds = (performance.now() - begun) / 1000;
  const spent = workers.map((worker) => processorNs(worker)).reduce((sum, ns) => sum + ns, 0) - before;
  for (const worker of workers) worker.kill("SIGKILL");
  await Promise.all(workers.map((worker) => once(worker, "exit")));
  return [jobs / seconds, spent / jobs / 1e6];
}

removeHosts();
const port = await freePort();
const url = `nats://${NETWORK}.254:${port}`;
const server = new TestServer(`listen: "${NETWORK}.254:${port}"`);
try {
  makeHosts();
  await server.start();
  const at = await connectTo(url);
  let first = 0;
  for (let hosts = 1; hosts <= HOSTS; hosts++) {
    // oxlint-disable-next-line no-await-in-loop -- one measurement after the other
    const [rate, ms] = await play(at, url, hosts, hosts);
    first ||= rate;
    const times = (rate / first).toFixed(2);
    console.log(
      `${hosts} hosts: ${rate.toFixed(1)} jobs/s, ${times} times those of one; ${ms.toFixed(2)} ms of a processor each`,
    );
  }
  await at.nc.drain();
} finally {
  await server.stop();
  removeHosts();
}

/**
 * `node scripts/nats-memory.ts [GIB]`: a guest copies so much into a stream, while its broker is stopped now and then. Says what the
 * process has of memory after each, and how much the guest could write while nobody took it.
 */
import { readFileSync } from "node:fs";
import { setTimeout as delay } from "node:timers/promises";
import { run } from "../src/index.ts";
import { natsSink } from "../src/nats/index.ts";
import { keeping, TestServer, type Connected } from "../test/nats/server.ts";

const GIB = 2 ** 30;
const MIB = 2 ** 20;
const TOTAL = Number(process.argv[2] ?? 10) * GIB;
const WINDOW = MIB;
const STOPS = 10;
/** Longer than an answer may take. */
const STOPPED_MS = 6000;
const COPY = new URL("../test/guests/built/copy-splice.wasm", import.meta.url);

const rss = (): number => process.memoryUsage.rss() / MIB;
const show = (bytes: number): string => `${Math.round(bytes)} MiB`;

async function stopNowAndThen(server: TestServer, at: Connected, given: () => number): Promise<number> {
  let most = 0;
  /* oxlint-disable no-await-in-loop -- one stop after the other */
  for (let stop = 1; stop <= STOPS; stop++) {
    while (given() < (TOTAL * stop) / (STOPS + 1)) await delay(20);
    // Nobody asks for what is gone: only the last is looked for.
    const { state } = await at.manager.streams.info("OUT");
    await at.manager.streams.purge("OUT", { seq: state.last_seq - 100 });
    await server.signal("SIGSTOP");
    const before = given();
    await delay(STOPPED_MS);
    most = Math.max(most, given() - before);
    await server.signal("SIGCONT");
    console.log(`${(given() / GIB).toFixed(1)} GiB written: ${show(rss())} of memory`);
  }
  /* oxlint-enable no-await-in-loop */
  return most;
}

const server = new TestServer();
await server.start();
const at = await server.connect();
await at.manager.streams.add(keeping("OUT", ["out"]));
const stdout = await natsSink(at.nc, { stream: "OUT", window: WINDOW });
let given = 0;
let most = 0;
const chunk = new Uint8Array(65_536).fill(7);
const stdin = (max: number): Uint8Array | null => {
  const bytes = chunk.subarray(0, Math.min(max, TOTAL - given));
  given += bytes.length;
  return bytes.length === 0 ? null : bytes;
};
const watching = setInterval(() => (most = Math.max(most, rss())), 100);
const stopping = stopNowAndThen(server, at, () => given);
const { exitCode } = await run(readFileSync(COPY), { stdin, stdout });
await stdout.end(exitCode);
const ahead = await stopping;
clearInterval(watching);
const { state } = await at.manager.streams.info("OUT");
console.log(
  `${given / GIB} GiB in ${state.last_seq} messages, the broker stopped ${STOPS} times for ${STOPPED_MS / 1000} s`,
);
console.log(`memory: ${show(most)} at most, ${show(rss())} at the end`);
console.log(
  `while it was stopped the guest wrote ${show(ahead / MIB)} at most, with a window of ${show(WINDOW / MIB)}`,
);
await at.nc.drain();
await server.stop();

/**
 * `node scripts/nats-result.ts [GIB]`: a job whose result is so large, on a real server, and somebody who reads it. Says what the
 * process has of memory meanwhile, and whether each byte is where it was.
 */
import { readFileSync } from "node:fs";
import { changed } from "../src/io/steps.ts";
import { natsSource, work } from "../src/nats/index.ts";
import { keeping, withServer } from "../test/nats/server.ts";

const MIB = 2 ** 20;
const TOTAL = Number(process.argv[2] ?? 5) * 2 ** 30;
/** It writes the numbers from 0 on, of four bytes each, as many as its argument says. */
const WRITER = new URL("../test/guests/built/writer.wasm", import.meta.url);

const show = (bytes: number): string => `${Math.round(bytes / MIB)} MiB`;

/** The most memory that the process has while `act` runs, and how long that takes. */
async function watched(what: string, act: () => Promise<unknown>): Promise<void> {
  let most = 0;
  const begun = performance.now();
  const watching = setInterval(() => (most = Math.max(most, process.memoryUsage.rss())), 100);
  await act();
  clearInterval(watching);
  console.log(`${what}: ${show(most)} of memory at most, ${((performance.now() - begun) / 1000).toFixed(0)} s`);
}

/** As a processor of this machine has numbers, the least byte first. @throws {Error} If a byte is not what it was. */
function check(bytes: Uint8Array, offset: number): void {
  const skipped = offset % 4;
  const first = (offset - skipped) / 4;
  const numbers = new Uint32Array(Math.ceil((skipped + bytes.length) / 4));
  for (let index = 0; index < numbers.length; index++) numbers[index] = first + index;
  const expected = new Uint8Array(numbers.buffer, skipped, bytes.length);
  if (Buffer.compare(bytes, expected) !== 0) throw new Error(`other bytes from ${offset} on`);
}

await withServer(async ({ nc, js, manager, headers }) => {
  await manager.streams.add({ ...keeping("JOBS", ["jobs"]), retention: "workqueue" });
  await manager.streams.add(keeping("RESULTS", ["results.*"]));
  await manager.consumers.add("JOBS", { durable_name: "w", ack_policy: "explicit" });
  await js.publish("jobs", new Uint8Array(0), { headers: headers(), timeout: 5000 });
  await watched(`a job writes ${show(TOTAL)}`, async () => {
    const { promise, resolve, reject } = Promise.withResolvers<string>();
    const worker = await work(readFileSync(WRITER), nc, {
      jobs: { stream: "JOBS", consumer: "w" },
      results: { stream: "RESULTS" },
      options: () => ({ args: ["writer", String(TOTAL)] }),
      onOutcome: (_, outcome) => resolve(outcome),
      onTrouble: (_, cause) => reject(cause),
    });
    console.log(`it is ${await promise}`);
    await worker.drain();
  });
  await watched("it is read", async () => {
    const source = await natsSource(nc, { stream: "RESULTS", subject: "results.1", complete: true });
    let read = 0;
    for (let bytes = source.read(MIB); bytes !== null; bytes = source.read(MIB)) {
      check(bytes, read);
      read += bytes.length;
      // oxlint-disable-next-line no-await-in-loop -- as a reader waits
      if (bytes.length === 0) await changed(source);
    }
    console.log(`${read} bytes, exit code ${source.end?.exitCode}`);
    if (read !== TOTAL) process.exitCode = 1;
  });
});

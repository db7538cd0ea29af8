// Jobs for `sluice work`, and their results as they come: see docs/jobs.md. The worker runs in another terminal, or in ten.
import { jetstream, jetstreamManager } from "@nats-io/jetstream";
import { connect } from "@nats-io/transport-node";
import { natsSource, NoResultError } from "sluice/nats";

const nc = await connect({ servers: process.env.NATS_URL ?? "nats://127.0.0.1:4222" });
const texts = ["one two three", "lines\nand\nlines", ""];

const jobs = [];
for (const text of texts) jobs.push((await jetstream(nc).publish("jobs", text)).seq);

const manager = await jetstreamManager(nc);
for (const [index, job] of jobs.entries()) {
  const result = await resultOf(`results.${job}`);
  console.log(`${JSON.stringify(texts[index])}: ${result.trim()}`);
}
await nc.drain();

/** Waits until somebody has done the job, and reads what came out. */
async function resultOf(subject) {
  for (;;) {
    try {
      const source = await natsSource(nc, { stream: "RESULTS", subject, complete: true });
      return await textOf(source);
    } catch (error) {
      if (!(error instanceof NoResultError)) throw error;
      // The server has answered a question in between: that is all the waiting that there is.
      await manager.streams.info("RESULTS");
    }
  }
}

/** All that a source gives. */
async function textOf(source) {
  const pieces = [];
  for (let bytes = source.read(65_536); bytes !== null; bytes = source.read(65_536)) {
    if (bytes.length > 0) pieces.push(bytes);
    else await new Promise((resolve) => watchOnce(source, resolve));
  }
  return Buffer.concat(pieces).toString();
}

function watchOnce(source, resolve) {
  const waker = {
    wake() {
      source.unwatch(waker);
      resolve();
    },
  };
  source.watch(waker);
  if (source.ready()) waker.wake();
}

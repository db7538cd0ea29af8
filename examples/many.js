// A thousand guests that wait at the same time in one thread, until an AbortSignal ends them all.
import { readFile } from "node:fs/promises";
import { compile, run } from "sluice";

const GUESTS = 1000;
const guest = await compile(await readFile(new URL("../test/guests/built/wait.wasm", import.meta.url)));
const controller = new AbortController();

let asked = 0;
const allAsked = Promise.withResolvers();

/** A standard input on which nothing ever comes. It is asked when its guest begins to wait. */
function silence() {
  asked++;
  if (asked === GUESTS) allAsked.resolve();
  return new Promise(() => {});
}

const runs = Array.from({ length: GUESTS }, () =>
  run(guest, { args: ["wait"], stdin: silence, signal: controller.signal }),
);
const outcomes = Promise.allSettled(runs);

await allAsked.promise;
console.log(`${asked} guests wait, and the event loop is free`);

controller.abort(new Error("time is up"));
const ended = (await outcomes).filter(({ reason }) => reason === controller.signal.reason);
console.log(`${ended.length} were ended: ${controller.signal.reason.message}`);

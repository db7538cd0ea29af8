/**
 * Memory of this process: memory.ts waiting COUNT | cores COUNT | stalled | rounds COUNT. Wants --expose-gc. Prints lines `name number`,
 * in bytes: `rss` and `heap` grew by so much.
 *
 * `waiting`: per instance, while COUNT of them wait for their input; also `ns` per instance from the start of the first
 * to the end of the last. `cores`: the same for its core module alone, which has no host and has come to where it would
 * wait: the memory that it uses, and what the engine takes for it. `stalled`: a writer of 1 GiB whose reader has stopped. `rounds`: a guest that has subscribed,
 * polled and dropped COUNT times.
 */
import { readFile } from "node:fs/promises";
import { compile, DiscardSink, PullSource, run, type CompiledComponent } from "sluice";
import { guestPath } from "../peer.ts";
import { mainModule, stubs } from "./core.ts";
import { turn, usage, type Usage } from "./usage.ts";

const [what = "", count = "0"] = process.argv.slice(2);

function compiled(name: string): Promise<CompiledComponent> {
  return readFile(guestPath(name)).then((bytes) => compile(bytes));
}

function report(before: Usage, after: Usage, per = 1): void {
  console.log(`rss ${(after.rss - before.rss) / per}\nheap ${(after.heap - before.heap) / per}`);
}

async function waiting(instances: number): Promise<void> {
  const component = await compiled("wait");
  const release: ((chunk: null) => void)[] = [];
  const stdin = (): PullSource => new PullSource(() => new Promise((resolve) => void release.push(resolve)));
  const before = await usage();
  const start = performance.now();
  const runs = Array.from({ length: instances }, () => run(component, { stdin: stdin() }));
  while (release.length < instances) await turn();
  const waitingMs = performance.now() - start;
  report(before, await usage(), instances);
  const resumed = performance.now();
  for (const give of release) give(null);
  const results = await Promise.all(runs);
  console.log(`ns ${((waitingMs + performance.now() - resumed) * 1e6) / instances}`);
  if (!results.every(({ exitCode }) => exitCode === 0)) throw new Error("not all of them ended well");
}

async function cores(instances: number): Promise<void> {
  const main = mainModule(await readFile(guestPath("wait")));
  const imports = stubs(main, (name) => {
    if (name.includes("blocking-skip")) throw new Error("It would wait");
  });
  const before = await usage();
  const made = Array.from({ length: instances }, () => {
    const { exports } = new WebAssembly.Instance(main, imports);
    const start = Object.entries(exports).find(([name]) => name.endsWith("#run"))?.[1] as () => number;
    try {
      start();
    } catch {
      return exports;
    }
    throw new Error("wait does not wait");
  });
  report(before, await usage(), made.length);
}

/** A first writer is read to its end, so that what is there once for all writers does not count. */
async function stalled(): Promise<void> {
  const component = await compiled("bench-write");
  const args = (total: number): string[] => ["bench-write", "permit", String(total), "65536"];
  await run(component, { args: args(64 * 2 ** 20), stdout: async () => turn() });
  const before = await usage();
  const controller = new AbortController();
  const stops = Promise.withResolvers<void>();
  let chunks = 0;
  const over = run(component, {
    args: args(2 ** 30),
    // Takes some, then never again.
    stdout: () => {
      if (++chunks < 16) return turn();
      stops.resolve();
      return new Promise<void>(() => {});
    },
    signal: controller.signal,
  });
  await stops.promise;
  // Time enough for a writer that does not stop to write on.
  for (let turns = 0; turns < 1000; turns++) await turn();
  report(before, await usage());
  controller.abort();
  await over.catch(() => {});
}

async function rounds(times: number): Promise<void> {
  const component = await compiled("bench-calls");
  const go = (each: number): Promise<unknown> =>
    run(component, { args: ["bench-calls", "subscribe-poll-drop", String(each)], stdout: new DiscardSink() });
  await go(10_000);
  const before = await usage();
  await go(times);
  report(before, await usage());
}

if (what === "waiting") await waiting(Number(count));
else if (what === "cores") await cores(Number(count));
else if (what === "stalled") await stalled();
else if (what === "rounds") await rounds(Number(count));
else throw new Error(`memory.ts does not know ${what}`);

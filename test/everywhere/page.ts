/** What a page, or a worker of it, is tried with. Whoever drives the page asks for one check after the other. */
import { compile, run, type CompiledComponent } from "../../src/browser.ts";
import { checks } from "./checks.ts";
import { isolateChecks } from "./isolate-checks.ts";
import { opfsChecks } from "./opfs-checks.ts";
import { webChecks, type WebHost } from "./web-checks.ts";

/** What was said when a check failed, or nothing. */
type Outcome = string | undefined;

const channel = new MessageChannel();
const turns: (() => void)[] = [];
channel.port1.addEventListener("message", () => turns.shift()?.());
channel.port1.start();

const compiled = new Map<Uint8Array, Promise<CompiledComponent>>();
const files = new Map<string, Promise<Uint8Array>>();

async function fetched(path: string): Promise<Uint8Array> {
  const response = await fetch(`/guests/${path}`);
  if (!response.ok) throw new Error(`${path}: ${response.status}`);
  return new Uint8Array(await response.arrayBuffer());
}

function cached<K, V>(cache: Map<K, V>, key: K, make: () => V): V {
  const value = cache.get(key) ?? make();
  cache.set(key, value);
  return value;
}

/** As the page's address has them; a worker has that of the page. */
const places = new URLSearchParams(location.search);

// As in engines without them: whoever asks does so when a guest is to run.
for (const name of places.getAll("without")) {
  Reflect.deleteProperty(WebAssembly, name);
  Reflect.deleteProperty(Atomics, name);
}

const host: WebHost = {
  elsewhere: places.get("elsewhere") ?? "",
  nobody: places.get("nobody") ?? "",
  compile: (component) => cached(compiled, component, () => compile(component)),
  run,
  file: (path) => cached(files, path, () => fetched(path)),
  turn: () =>
    new Promise((resolve) => {
      turns.push(resolve);
      channel.port2.postMessage(0);
    }),
};

async function play(index: number): Promise<Outcome> {
  const check = [...checks, ...webChecks, ...opfsChecks, ...isolateChecks][index];
  if (!check) return `there is no check ${index}`;
  return check.play(host).then(
    () => undefined,
    (error: unknown) => (error instanceof Error ? `${error.name}: ${error.message}` : String(error)),
  );
}

/** Asks a worker that runs this module. */
function asking(worker: Worker): (index: number) => Promise<Outcome> {
  const waiting = new Map<number, (outcome: Outcome) => void>();
  worker.addEventListener("message", ({ data }: MessageEvent<{ index: number; outcome: Outcome }>) => {
    waiting.get(data.index)?.(data.outcome);
  });
  worker.addEventListener("error", ({ message }) => {
    for (const tell of waiting.values()) tell(`the worker failed: ${message}`);
  });
  return (index) =>
    new Promise((resolve) => {
      waiting.set(index, resolve);
      // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a worker has none
      worker.postMessage(index);
    });
}

if (typeof document === "undefined") {
  addEventListener("message", ({ data: index }: MessageEvent<number>) => {
    void play(index).then((outcome) => postMessage({ index, outcome }));
  });
} else {
  const worker = asking(new Worker(import.meta.url + location.search, { type: "module" }));
  Object.assign(globalThis, { play: { page: play, worker } });
}

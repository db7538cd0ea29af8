/** What is measured in a page: see groups/browser.ts. */
import { compile, DiscardSink, PullSource, run, type CompiledComponent } from "../../dist/browser.js";

const PIECE = 65_536;

/** What takes a component apart is fetched while that is. */
function compiled(name: string): Promise<CompiledComponent> {
  return compile(fetch(`/guests/built/${name}.wasm`));
}

/** What the guest bench-calls says of a call. */
async function calls(what: string, count: number, ms: number): Promise<string> {
  const zeroes = new Uint8Array(PIECE);
  const decoder = new TextDecoder();
  let said = "";
  await run(await compiled("bench-calls"), {
    args: ["bench-calls", what, String(count), String(ms)],
    stdin: new PullSource(() => zeroes),
    stdout: new DiscardSink(),
    stderr: (chunk) => void (said += decoder.decode(chunk, { stream: true })),
  });
  return said;
}

function streamOf(totalBytes: number): ReadableStream<Uint8Array> {
  const piece = new Uint8Array(PIECE);
  let left = totalBytes;
  return new ReadableStream({
    pull(controller) {
      if (left <= 0) return controller.close();
      left -= PIECE;
      controller.enqueue(piece);
    },
  });
}

/** Milliseconds that so many bytes take from one Web stream to another, through a guest or a `TransformStream`. */
async function streams(through: "guest" | "transform", totalBytes: number): Promise<number> {
  let arrivedBytes = 0;
  const sink = new WritableStream<Uint8Array>({ write: (chunk) => void (arrivedBytes += chunk.length) });
  const copy = await compiled("copy-loop");
  const start = performance.now();
  if (through === "guest") await run(copy, { stdin: streamOf(totalBytes), stdout: sink });
  else await streamOf(totalBytes).pipeThrough(new TransformStream()).pipeTo(sink);
  const ms = performance.now() - start;
  if (arrivedBytes !== totalBytes) throw new Error(`${arrivedBytes} of ${totalBytes} bytes arrived`);
  return ms;
}

/** Milliseconds from a click to the first output of a guest that has to be fetched; or that was compiled before, and never run. */
async function hello(when: "at the click" | "before"): Promise<number> {
  const before = when === "before" ? await compiled("hello") : undefined;
  const start = performance.now();
  const component = before ?? (await compiled("hello"));
  return new Promise((resolve, reject) => {
    run(component, { stdout: () => resolve(performance.now() - start) }).catch(reject);
  });
}

Object.assign(globalThis, { bench: { calls, streams, hello } });

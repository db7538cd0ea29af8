/**
 * Bytes through guests in this process: flow.ts three|copies|web|web-loop TOTAL. Prints `ns` and how many it took.
 * `three` is a writer and two copiers with a pipe between each; `copies` copies as often as they must. `web` is a Web
 * stream through a copier into another; `web-loop` the same through a TransformStream.
 */
import { readFile } from "node:fs/promises";
import { compile, Pipe, run, type CompiledComponent } from "sluice";
import { guestPath } from "../peer.ts";

const PIECE = 65_536;
/** Guest to pipe to guest to pipe to guest. */
const COPIES = 4;

const [what = "", total = "0"] = process.argv.slice(2);
const totalBytes = Number(total);

function compiled(name: string): Promise<CompiledComponent> {
  return readFile(guestPath(name)).then((bytes) => compile(bytes));
}

function webSource(): ReadableStream<Uint8Array> {
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

let arrivedBytes = 0;

/** Counts what arrives. */
function webSink(): WritableStream<Uint8Array> {
  return new WritableStream({
    write(chunk) {
      arrivedBytes += chunk.length;
    },
  });
}

/** What is to be timed, ready to start. */
async function prepare(): Promise<() => unknown> {
  const copy = await compiled("copy-loop");
  if (what === "three") {
    const writer = await compiled("bench-write");
    const [first, second] = [new Pipe(), new Pipe()];
    const count = (chunk: Uint8Array): void => void (arrivedBytes += chunk.length);
    return () =>
      Promise.all([
        run(writer, { args: ["bench-write", "permit", total, String(PIECE)], stdout: first.sink }),
        run(copy, { stdin: first.source, stdout: second.sink }),
        run(copy, { stdin: second.source, stdout: count }),
      ]);
  }
  if (what === "copies") {
    const buffers = Array.from({ length: COPIES + 1 }, () => new Uint8Array(PIECE));
    return () => {
      for (; arrivedBytes < totalBytes; arrivedBytes += PIECE) {
        for (const [index, buffer] of buffers.entries()) buffers[index + 1]?.set(buffer);
      }
    };
  }
  if (what === "web") return () => run(copy, { stdin: webSource(), stdout: webSink() });
  if (what === "web-loop") return () => webSource().pipeThrough(new TransformStream()).pipeTo(webSink());
  throw new Error(`flow.ts does not know ${what}`);
}

const work = await prepare();
const start = process.hrtime.bigint();
await work();
const elapsedNs = process.hrtime.bigint() - start;
if (arrivedBytes !== totalBytes) throw new Error(`${arrivedBytes} of ${totalBytes} bytes arrived`);
console.log(`ns ${elapsedNs}`);

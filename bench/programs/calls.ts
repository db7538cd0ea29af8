/**
 * Calls of the guest bench-calls in this process: calls.ts HOST ARGUMENT.... Prints what the guest says. HOST is what it
 * writes to: `discard`, `buffer` or `pipe`.
 */
import { readFile } from "node:fs/promises";
import { compile, DiscardSink, PendingSink, Pipe, PullSource, run, type CompiledComponent, type Sink } from "sluice";
import { guestPath } from "../peer.ts";

/** Takes nothing until the event loop turns, and then everything: what is written waits in the stream's buffer. */
class LaterSink extends PendingSink {
  readonly #into = new Uint8Array(1 << 20);
  #takes = false;
  #asked = false;

  override write(bytes: Uint8Array): number {
    if (this.#takes) {
      this.#into.set(bytes);
      return bytes.length;
    }
    if (!this.#asked) setImmediate(() => this.#take());
    this.#asked = true;
    return 0;
  }

  override close(): void {}

  override abort(): void {}

  #take(): void {
    this.#asked = false;
    this.#takes = true;
    this.wake();
    this.#takes = false;
  }
}

/** A pipe within the process. Its reader takes all there is whenever it hears that something is. */
function drainedPipe(): Sink {
  const { sink, source } = new Pipe();
  const into = new Uint8Array(1 << 20);
  const drain = (): void => {
    for (let bytes; (bytes = source.read(into.length)) !== null && bytes.length > 0;) into.set(bytes);
  };
  source.watch({ wake: drain });
  return sink;
}

async function runIn(component: CompiledComponent, stdout: Sink, args: string[]): Promise<void> {
  const zeroes = new Uint8Array(64 * 1024);
  const stderr = (chunk: Uint8Array): boolean => process.stdout.write(chunk);
  await run(component, { args, stdin: new PullSource(() => zeroes), stdout, stderr });
}

const [host = "", ...rest] = process.argv.slice(2);
const component = await compile(await readFile(guestPath("bench-calls")));
const args = ["bench-calls", ...rest];
if (host === "discard") await runIn(component, new DiscardSink(), args);
else if (host === "buffer") await runIn(component, new LaterSink(), args);
else if (host === "pipe") await runIn(component, drainedPipe(), args);
else throw new Error(`calls.ts does not know ${host}`);

/**
 * What a page would bundle, and nothing more: the loader, WASI 0.2, Web streams and files in memory. It is measured for
 * its size, and never run.
 */
import { WebSink } from "../../src/hosts/web/writable.ts";
import { webSource } from "../../src/hosts/web/readable.ts";
import { closedSource, DiscardSink } from "../../src/io/memory.ts";
import type { Sink, Source } from "../../src/io/ports.ts";
import { compile } from "../../src/run/compile.ts";
import { instantiate } from "../../src/run/instantiate.ts";
import type { Platform } from "../../src/run/platform.ts";
import type { OpenDirectory } from "../../src/wasi/filesystem/files.ts";
import { MemoryFiles } from "../../src/wasi/filesystem/memory-files.ts";

const source = (stream: unknown): Source =>
  stream === undefined ? closedSource() : webSource(stream as ReadableStream<Uint8Array>);

const sink = (stream: unknown): Sink =>
  stream === undefined ? new DiscardSink() : new WebSink(stream as WritableStream<Uint8Array>);

const page: Platform = {
  loop: { turn: () => new Promise((resolve) => void setTimeout(resolve)), now: () => performance.now() },
  monotonicClock: {
    now: () => BigInt(Math.round(performance.now() * 1e6)),
    resolution: () => 1000n,
    schedule(delayNs, callback) {
      const timer = setTimeout(callback, Number(delayNs / 1_000_000n));
      return () => clearTimeout(timer);
    },
  },
  wallClock: {
    now: () => ({ seconds: BigInt(Math.floor(Date.now() / 1000)), nanoseconds: (Date.now() % 1000) * 1e6 }),
    resolution: () => ({ seconds: 0n, nanoseconds: 1_000_000 }),
  },
  random: { fill: (into) => void crypto.getRandomValues(into as Uint8Array<ArrayBuffer>) },
  standard: ({ stdin, stdout, stderr }) => ({
    stdin: { source: source(stdin), isTerminal: false },
    stdout: { sink: sink(stdout), isTerminal: false },
    stderr: { sink: sink(stderr), isTerminal: false },
  }),
  directory: (value) => value as OpenDirectory,
  source,
  sink,
};

export { compile, instantiate, MemoryFiles, page };

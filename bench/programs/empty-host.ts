/**
 * The guest bench-calls without a host: empty-host.ts GLUE ARGUMENT.... Prints what the guest says. GLUE is jco's, on a
 * stack that can be suspended, and what it imports are lowered functions that do nothing but store a constant answer:
 * what a call costs before a host has done anything. The guest may call nothing but check-write.
 */
import { readFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { pathToFileURL } from "node:url";

/** How glue asks a function for its lowered form. */
const LOWER = Symbol.for("cabiLower");

interface LowerOptions {
  readonly memory: WebAssembly.Memory;
}

interface Glue {
  instantiate(
    core: (name: string) => Promise<WebAssembly.Module>,
    imports: Record<string, unknown>,
  ): Promise<Record<string, { readonly run: () => Promise<unknown> } | undefined>>;
}

/** `result<u64>`: ok, 65536. */
function lowerCheckWrite({ memory }: LowerOptions): (handle: number, at: number) => void {
  const view = new DataView(memory.buffer);
  return (_handle, at) => {
    view.setUint8(at, 0);
    view.setUint32(at + 8, 65_536, true);
    view.setUint32(at + 12, 0, true);
  };
}

class InputStream {
  read(): void {}
  blockingRead(): void {}
  subscribe(): void {}
}

class OutputStream {
  checkWrite(): void {}
  write(): void {}
  blockingFlush(): void {}
  subscribe(): void {}

  /** Of standard error alone. */
  blockingWriteAndFlush(bytes: Uint8Array): void {
    process.stdout.write(bytes);
  }
}

class Pollable {
  ready(): void {}
  block(): void {}
}

class WasiError {
  toDebugString(): void {}
}

Object.assign(OutputStream.prototype.checkWrite, { [LOWER]: lowerCheckWrite });

const [path = "", ...args] = process.argv.slice(2);
// The module is made at bench time.
const glue = (await import(pathToFileURL(path).href)) as Glue;
const exports = await glue.instantiate(async (name) => WebAssembly.compile(await readFile(join(dirname(path), name))), {
  "wasi:cli/environment": { getArguments: () => ["bench-calls", ...args] },
  "wasi:cli/stdin": { getStdin: () => new InputStream() },
  "wasi:cli/stdout": { getStdout: () => new OutputStream() },
  "wasi:cli/stderr": { getStderr: () => new OutputStream() },
  "wasi:clocks/monotonic-clock": { now: () => process.hrtime.bigint(), subscribeDuration: () => new Pollable() },
  "wasi:io/error": { Error: WasiError },
  "wasi:io/poll": { Pollable, poll: () => new Uint32Array() },
  "wasi:io/streams": { InputStream, OutputStream },
});
const command = Object.entries(exports).find(([name]) => name.startsWith("wasi:cli/run"))?.[1];
if (!command) throw new Error("bench-calls has nothing to run");
await command.run();

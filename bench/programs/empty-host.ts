/**
 * The same glue as Sluice's, on the same stack, with lowered functions that do nothing but store a constant answer: what
 * a call costs before a host has done anything.
 */
import type { CompiledComponent } from "sluice";

/** How glue asks a function for its lowered form. */
const LOWER = Symbol.for("cabiLower");

interface LowerOptions {
  readonly memory: WebAssembly.Memory;
}

/** What of a compiled component is not public: a benchmark may look behind it. */
interface Internals {
  readonly glue: {
    instantiate(
      core: (name: string) => WebAssembly.Module | undefined,
      imports: Record<string, unknown>,
    ): Promise<Record<string, { readonly run: () => Promise<unknown> } | undefined>>;
  };
  readonly modules: ReadonlyMap<string, WebAssembly.Module>;
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

/** Runs bench-calls, which may call nothing but check-write. */
export async function emptyHost(component: CompiledComponent, args: readonly string[]): Promise<void> {
  // See Internals.
  const { glue, modules } = component as unknown as Internals;
  const exports = await glue.instantiate((name) => modules.get(name), {
    "wasi:cli/environment": { getArguments: () => args },
    "wasi:cli/stdin": { getStdin: () => new InputStream() },
    "wasi:cli/stdout": { getStdout: () => new OutputStream() },
    "wasi:cli/stderr": { getStderr: () => new OutputStream() },
    "wasi:clocks/monotonic-clock": { now: () => process.hrtime.bigint(), subscribeDuration: () => new Pollable() },
    "wasi:io/error": { Error: WasiError },
    "wasi:io/poll": { Pollable, poll: () => new Uint32Array() },
    "wasi:io/streams": { InputStream, OutputStream },
  });
  await Object.entries(exports)
    .find(([name]) => name.startsWith("wasi:cli/run"))?.[1]
    ?.run();
}

import { readFile } from "node:fs/promises";
import { CollectSink, compile, PullSource, type CompiledComponent, type Source } from "../../src/index.ts";

/** The bytes of a guest in test/guests/built. */
export function guest(name: string): Promise<Uint8Array> {
  return readFile(new URL(`../guests/built/${name}.wasm`, import.meta.url));
}

export async function compiled(name: string): Promise<CompiledComponent> {
  return compile(await guest(name));
}

/** A sink to look into, and its text so far. */
export function collector(): { sink: CollectSink; text(): string } {
  const sink = new CollectSink();
  return { sink, text: () => sink.text() };
}

/** A whole turn of the event loop. */
export function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

/** Resolves when `condition` holds, looking at it once in each turn of the event loop. */
export async function until(condition: () => boolean): Promise<void> {
  while (!condition()) {
    await turn();
  }
}

/** A source that waits until it is told what to give. */
export function heldSource(): {
  source: Source;
  readonly asked: boolean;
  readonly closed: boolean;
  give(chunk: string | null): void;
} {
  let settle: ((chunk: string | null) => void) | undefined;
  let closed = false;
  const source = new PullSource(
    () =>
      new Promise<string | null>((resolve) => {
        settle = resolve;
      }),
    () => {
      closed = true;
    },
  );
  return {
    source,
    get asked() {
      return settle !== undefined;
    },
    get closed() {
      return closed;
    },
    give: (chunk) => settle?.(chunk),
  };
}

import { DrainingSource } from "../../io/draining-source.ts";
import type { Chunk } from "../../io/pull-source.ts";
import type { Source } from "../../io/ports.ts";

/**
 * A source over a Web stream of bytes (or text). Reads into buffers of the size that the guest asked for where the
 * stream offers that (BYOB), and never ahead of the guest. Cancels the stream when nobody reads on.
 *
 * @throws {TypeError} If the stream is locked.
 */
export function webSource(stream: ReadableStream<Uint8Array | string>): Source {
  const byob = byobReader(stream);
  if (byob) {
    return new DrainingSource(
      async (max) => {
        const { done, value } = await byob.read(new Uint8Array(max));
        return done ? null : value;
      },
      () => byob.cancel(),
      later,
    );
  }
  const reader = stream.getReader();
  return new DrainingSource(
    async (): Promise<Chunk> => {
      const { done, value } = await reader.read();
      return done ? null : value;
    },
    () => reader.cancel(),
    later,
  );
}

function later(next: () => void): void {
  setTimeout(next, 0);
}

function byobReader(stream: ReadableStream): ReadableStreamBYOBReader | undefined {
  if (stream.locked) throw new TypeError("Cannot read a stream that is locked to another reader");
  try {
    return stream.getReader({ mode: "byob" });
  } catch {
    // Not a stream of bytes in the standard's sense: a default reader serves.
    return undefined;
  }
}

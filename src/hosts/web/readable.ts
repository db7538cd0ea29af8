import { DrainingSource } from "../../io/draining-source.ts";
import type { Chunk } from "../../io/pull-source.ts";
import type { Source } from "../../io/ports.ts";

/**
 * A source over a Web stream of bytes (or text). Reads into buffers of the size that the guest asked for where the
 * stream offers that (BYOB), and never ahead of the guest. Cancels the stream when nobody reads on.
 *
 * @param within Holds each wait for more to a time.
 * @param reason Why nobody reads on, for the stream.
 * @throws {TypeError} If the stream is locked.
 */
export function webSource(
  stream: ReadableStream<Uint8Array | string>,
  within: <T>(more: Promise<T>) => Promise<T> = asLongAsItTakes,
  reason: () => unknown = () => undefined,
): Source {
  const byob = byobReader(stream);
  if (byob) {
    return new DrainingSource(
      async (max) => {
        const { done, value } = await within(byob.read(new Uint8Array(max)));
        return done ? null : value;
      },
      () => byob.cancel(reason()),
      later,
    );
  }
  const reader = stream.getReader();
  return new DrainingSource(
    async (): Promise<Chunk> => {
      const { done, value } = await within(reader.read());
      return done ? null : value;
    },
    () => reader.cancel(reason()),
    later,
  );
}

function asLongAsItTakes<T>(more: Promise<T>): Promise<T> {
  return more;
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

import type { Readable } from "node:stream";
import type { Chunk } from "../../io/pull-source.ts";
import { DrainingSource } from "../../io/draining-source.ts";
import { PullSource } from "../../io/pull-source.ts";

/**
 * A source over a Node stream. Reads when the guest does, so that the stream's own highWaterMark is all that is read
 * ahead. A stream that closes before its end fails. Destroys the stream when nobody reads on.
 */
export function nodeSource(stream: Readable): PullSource {
  let failure: { readonly cause: unknown } | undefined;
  let stopWaiting: (() => void) | undefined;
  const onError = (cause: unknown): void => void (failure ??= { cause });
  // An error that comes when nobody waits must not end the process.
  stream.on("error", onError);

  function take(): Chunk | undefined {
    if (failure) throw failure.cause;
    // Streams in object mode and with an encoding give other things; the source checks what it gets.
    const chunk = stream.read() as Uint8Array | string | null;
    if (chunk !== null) return chunk;
    if (stream.readableEnded) return null;
    if (stream.errored) throw stream.errored;
    if (stream.destroyed) throw new Error("The stream was closed before its end");
    return undefined;
  }

  function pull(): Chunk | Promise<Chunk> {
    const chunk = take();
    if (chunk !== undefined) return chunk;
    return new Promise((resolve, reject) => {
      const events = ["readable", "end", "error", "close"] as const;
      const settle = (): void => {
        let later;
        try {
          later = take();
        } catch (error) {
          stop();
          reject(error);
          return;
        }
        if (later === undefined) return;
        stop();
        resolve(later);
      };
      const stop = (): void => {
        for (const event of events) stream.off(event, settle);
        stopWaiting = undefined;
      };
      stopWaiting = stop;
      for (const event of events) stream.on(event, settle);
    });
  }

  if ("fd" in stream && stream.fd === 0) {
    // The process's own standard input is not ours to end, and holds up nobody: its next reader finds what is left.
    return new PullSource(pull, () => {
      stopWaiting?.();
      stream.off("error", onError);
      stream.pause();
    });
  }
  const end = (): void => {
    stopWaiting?.();
    stream.destroy();
  };
  return new DrainingSource(pull, end, (next) => void setImmediate(next));
}

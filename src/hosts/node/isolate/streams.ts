/** Streams of one thread, as those of another: a piece at a time crosses, and is answered for when it has left. */
import { PullSource } from "../../../io/pull-source.ts";
import { PushSink } from "../../../io/push-sink.ts";
import type { Sink, Source } from "../../../io/ports.ts";
import { changed, woken } from "../../../io/steps.ts";
import type { Channel } from "./channel.ts";

/** What is there, at most `max` bytes; waits until there is something. `null` is the end. */
export async function pull(source: Source, max: number): Promise<Uint8Array | null> {
  for (;;) {
    const bytes = source.read(max);
    if (bytes === null) return null;
    if (bytes.length > 0) return bytes.slice();
    // oxlint-disable-next-line no-await-in-loop -- each round waits for the source
    await changed(source);
  }
}

/** Resolves when all of `bytes` have left through the sink. @throws What the sink throws. */
export async function push(sink: Sink, bytes: Uint8Array): Promise<void> {
  let left = bytes;
  while (left.length > 0) {
    const taken = sink.write(left);
    left = left.subarray(taken);
    // oxlint-disable-next-line no-await-in-loop -- each round waits for the sink
    if (taken === 0) await woken(sink);
  }
  // oxlint-disable-next-line no-await-in-loop -- as above
  while (!sink.flush()) await woken(sink);
}

/** What the other thread answers `read` and `cancel` for. */
export function remoteSource(channel: Channel): Source {
  return new PullSource(
    // What `pull` gives.
    (max) => channel.call("read", max) as Promise<Uint8Array | null>,
    () => channel.tell("cancel"),
  );
}

/** What the other thread answers `write`, `end` and `abort` for, under this name. */
export function remoteSink(channel: Channel, name: string): Sink {
  return new PushSink(
    (chunk) => channel.call("write", name, chunk),
    async () => void (await channel.call("end", name)),
    () => channel.tell("abort", name),
  );
}

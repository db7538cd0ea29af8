import { basename } from "node:path";
import { createStream, KEEPING } from "../../nats/create.ts";
import { accessTo } from "../../nats/jetstream-log.ts";
import { runStage } from "../../nats/stage/stage.ts";
import { readComponent } from "../read.ts";
import { onSignal } from "../signals.ts";
import { UsageError } from "../usage.ts";
import { say } from "../write.ts";
import type { Connected } from "./connection.ts";
import { place, variables, type Given } from "./given.ts";

const ACK_WAIT_MS = 5000;

/** `sluice pipe`: a command from stream to stream, until the input has ended, or a signal comes and a segment is over. */
export async function pipeThrough(given: Given, { client, nc }: Connected): Promise<number> {
  const input = place(given.needed("in", "STREAM"));
  const output = place(given.needed("out", "STREAM"));
  const [path, ...args] = given.words;
  if (path === undefined) throw new UsageError("Expected a component, got none: see `sluice help pipe`");
  const component = readComponent(path);
  if (given.has("create")) {
    const access = await accessTo(client, nc, output.stream, ACK_WAIT_MS);
    await createStream(access, { ...KEEPING, subjects: [output.subject ?? output.stream.toLowerCase()] });
  }
  const [giveUp, segment] = [given.duration("give-up", 0), given.number("segment", 1)];
  const stop = new AbortController();
  const stopListening = onSignal(() => stop.abort());
  try {
    const exitCode = await runStage(client, component, nc, {
      input,
      output,
      args: [basename(path), ...args],
      env: variables(given),
      signal: stop.signal,
      onSegment: ({ first, last, bytes, replayedBytes }) => {
        if (replayedBytes > 0)
          say(`sluice: messages ${first} to ${last} again: ${replayedBytes} of ${bytes} bytes were there\n`);
      },
      ...(giveUp !== undefined && { giveUp }),
      ...(segment !== undefined && { segment }),
    });
    return exitCode ?? 0;
  } finally {
    stopListening();
  }
}

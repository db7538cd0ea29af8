/** `sluice work`, `pipe`, `put` and `get`: what needs a broker. */
import { PeerClosed } from "../../io/ports.ts";
import { BrokerError, FencedError, GaveUpError, LostRecordsError, NoResultError } from "../../nats/broker-error.ts";
import { MissingClientError } from "../../nats/client.ts";
import { StreamConfigError } from "../../nats/streams.ts";
import { DivergedError } from "../../nats/stage/replay-sink.ts";
import { StageFailedError } from "../../nats/stage/segments.ts";
import { DifferentBytesError } from "../../nats/transfer.ts";
import type { NatsVerb } from "../command.ts";
import { REFUSED } from "../failure.ts";
import { helpText } from "../help.ts";
import { print, say } from "../write.ts";
import { connect, type Connected } from "./connection.ts";
import { Given } from "./given.ts";
import { pipeThrough } from "./pipe.ts";
import { getBytes, putBytes } from "./transfer.ts";
import { workOn } from "./work.ts";

const COMMANDS: Readonly<Record<NatsVerb, (given: Given, connected: Connected) => Promise<number>>> = {
  work: workOn,
  pipe: pipeThrough,
  put: putBytes,
  get: getBytes,
};

/** Carries it out, tells of what goes wrong with the broker, and gives the exit code. */
export async function runOnBroker(verb: NatsVerb, args: readonly string[]): Promise<number> {
  const given = new Given(verb, args);
  if (given.has("help")) {
    print(helpText(verb));
    return 0;
  }
  try {
    const connected = await connect(given);
    try {
      return await COMMANDS[verb](given, connected);
    } finally {
      await connected.nc.drain().catch(() => {});
    }
  } catch (error) {
    // A stream that was sealed meanwhile is a peer that has gone: the broker's words say more.
    const told = error instanceof PeerClosed ? error.cause : error;
    if (!isBrokers(told)) throw error;
    say(`sluice: ${told.message}\n`);
    return REFUSED;
  }
}

function isBrokers(error: unknown): error is Error {
  return [
    BrokerError,
    FencedError,
    GaveUpError,
    LostRecordsError,
    MissingClientError,
    NoResultError,
    StreamConfigError,
    DifferentBytesError,
    DivergedError,
    StageFailedError,
  ].some((kind) => error instanceof kind);
}

/** The thread of isolated instances: see threads.ts, which starts it. */
import { parentPort, receiveMessageOnPort, workerData } from "node:worker_threads";
import { Hearing } from "../../isolate/bell.ts";
import type { Message } from "../../isolate/channel.ts";
import { Guests } from "../../isolate/guests.ts";
import { Bells } from "../../isolate/shared-streams.ts";
import { nodePlatform } from "../platform.ts";

/** What the thread is started with. */
export interface ThreadData {
  readonly bells: SharedArrayBuffer;
  /** Whether the thread is blocked when its guest waits. */
  readonly parks: boolean;
  /** `Error.stackTraceLimit`. */
  readonly stackFrames: number;
}

/** Node has had this since it has promises, and it is used in versions of it alone that change no more. */
const { _tickCallback: runPromises } = process as unknown as { readonly _tickCallback: () => void };

if (!parentPort) throw new Error("This is to be run in a thread of its own");
const port = parentPort;
// What threads.ts gives.
const { bells: memory, parks, stackFrames } = workerData as ThreadData;
Error.stackTraceLimit = stackFrames;
const { guest, host } = new Bells(memory);
void new Guests({
  port,
  own: guest,
  other: host,
  hearing: new Hearing(guest, setImmediate),
  platform: nodePlatform,
  // What the channel of the other thread sends.
  take: () => receiveMessageOnPort(port)?.message as Message | undefined,
  runPromises: parks ? runPromises : undefined,
});

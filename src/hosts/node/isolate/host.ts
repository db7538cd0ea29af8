/** Instances in threads of their own, which can be ended in the middle of whatever they do. */
import { Worker } from "node:worker_threads";
import { newTally } from "../../../io/tally.ts";
import type { RunningInstance } from "../../../run/instantiate.ts";
import { TimeoutError, type Stats } from "../../../run/life.ts";
import type { InstanceOptions } from "../../../run/options.ts";
import type { RunResult } from "../../../run/run.ts";
import { canSuspend } from "../../../wait/suspension.ts";
import type { Directory } from "../platform.ts";
import { StandardSockets } from "../shared-fds.ts";
import { openStandard, type Input, type Output } from "../stdio.ts";
import { Channel } from "./channel.ts";
import { Kept, type Parked } from "./options.ts";
import type { ThreadData, WireExports } from "./worker.ts";

type Options = InstanceOptions<Input, Output, Directory>;

/** Where worker.ts is once it is built, beside those of dist/shared: see scripts/build.js. */
declare const BUILT_WORKER: string | undefined;

const WORKER = new URL(typeof BUILT_WORKER === "string" ? BUILT_WORKER : "./worker.ts", import.meta.url);

/**
 * As `instantiate`, in a thread of its own.
 *
 * @param standard Opens the process's own streams, where it is not the thread that does.
 */
export async function instantiateIsolated(
  bytes: Uint8Array,
  options: Options,
  standard: Parked["standard"] = openStandard,
): Promise<RunningInstance> {
  return IsolatedInstance.start(bytes, options, standard);
}

/** As `run`, in a thread of its own. */
export async function runIsolated(bytes: Uint8Array, options: Options): Promise<RunResult> {
  const instance = await IsolatedInstance.start(
    bytes,
    { ...options, deadlock: options.deadlock ?? "trap" },
    openStandard,
  );
  return { exitCode: await instance.run(), stats: instance.stats };
}

class IsolatedInstance implements RunningInstance {
  readonly stats: Stats = { stdin: newTally(), stdout: newTally(), stderr: newTally() };
  exports: Readonly<Record<string, unknown>> = {};
  readonly #kept: Kept;
  readonly #worker: Worker;
  readonly #sockets = new StandardSockets();
  readonly #channel: Channel;
  readonly #signal: AbortSignal | undefined;
  readonly #onAbort = (): void => void this.#end(this.#signal?.reason);
  readonly #timer: NodeJS.Timeout | undefined;
  #ended: Promise<unknown> | undefined;

  private constructor(bytes: Uint8Array, { signal, timeout, ...options }: Options, standard: Parked["standard"]) {
    const parks = !canSuspend();
    this.#kept = new Kept(options, parks ? { standard } : undefined);
    const data: ThreadData = { bytes, options: this.#kept.wire, parks, stackFrames: Error.stackTraceLimit };
    // It writes to descriptors alone. Node would make this thread's streams for it, which change what they stand on.
    this.#worker = new Worker(WORKER, { workerData: data, stdout: true, stderr: true });
    this.#channel = new Channel(this.#worker, {
      ...this.#kept.answers,
      stats: (stats: Stats) => void Object.assign(this.stats, stats),
    });
    if (parks) this.#channel.onSent = () => this.#kept.ring();
    // An instance that nobody waits for keeps no process.
    this.#worker.unref();
    this.#channel.onBusy = (isBusy) => (isBusy ? this.#worker.ref() : this.#worker.unref());
    this.#worker.on("error", (error) => this.#end(error));
    this.#worker.on("exit", () => this.#end(new Error("The thread of the instance has ended")));
    this.#signal = signal;
    signal?.addEventListener("abort", this.#onAbort, { once: true });
    if (timeout !== undefined) this.#timer = setTimeout(() => this.#end(new TimeoutError(timeout)), timeout);
  }

  static async start(bytes: Uint8Array, options: Options, standard: Parked["standard"]): Promise<IsolatedInstance> {
    options.signal?.throwIfAborted();
    const instance = new IsolatedInstance(bytes, options, standard);
    try {
      // What worker.ts gives.
      instance.exports = instance.#functions((await instance.#channel.call("instantiate")) as WireExports);
      return instance;
    } catch (error) {
      await instance.#end(error);
      throw error;
    }
  }

  /** Runs the command that it is, and closes it. Gives the exit code. */
  async run(): Promise<number> {
    try {
      // What `runCommand` gives.
      return (await this.#channel.call("run")) as number;
    } finally {
      await this.#end(new Error("the instance is closed"));
    }
  }

  async close(): Promise<void> {
    if (this.#ended) {
      await this.#ended;
      return;
    }
    try {
      await this.#channel.call("close");
    } finally {
      await this.#end(new Error("the instance is closed"));
    }
  }

  /** Ends the thread, whatever it does: who waits for it is told why. */
  #end(reason: unknown): Promise<unknown> {
    return (this.#ended ??= this.#release(reason));
  }

  async #release(reason: unknown): Promise<void> {
    clearTimeout(this.#timer);
    this.#signal?.removeEventListener("abort", this.#onAbort);
    this.#channel.end(reason);
    this.#kept.release(reason);
    await this.#worker.terminate();
    this.#sockets.restore();
  }

  #functions(names: WireExports): Record<string, unknown> {
    const remote =
      (name: string, member?: string) =>
      (...args: readonly unknown[]) =>
        this.#channel.call("call", name, member, args);
    return Object.fromEntries(
      Object.entries(names).map(([name, members]) => [
        name,
        members ? Object.fromEntries(members.map((member) => [member, remote(name, member)])) : remote(name),
      ]),
    );
  }
}

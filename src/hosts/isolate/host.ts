/** Instances in threads of their own, which can be ended in the middle of whatever they do. */
import { guarded } from "../../io/checked-ports.ts";
import { Unheard } from "../../io/unheard.ts";
import { newTally } from "../../io/tally.ts";
import type { RunningInstance } from "../../run/instantiate.ts";
import { afterMs, TimeoutError, type Stats } from "../../run/life.ts";
import type { Plug } from "../../run/plugs.ts";
import type { RunResult } from "../../run/run.ts";
import type { MonotonicClock } from "../../wasi/clocks/clocks.ts";
import type { WireExports } from "./guests.ts";
import type { Options, Parked } from "./options.ts";
import { Thread, type Threads } from "./thread.ts";

/** What may be said of a thread. */
export interface ThreadOptions {
  /** Opens the process's own streams, where it is not the thread that does. */
  readonly standard?: Parked["standard"];
  /** Instances in the same thread, which are given what the last one is, and whose exports it imports. */
  readonly plugs?: readonly Plug[];
}

/** As `instantiate`, in a thread of its own. */
export async function instantiateIsolated(
  threads: Threads,
  bytes: Uint8Array,
  options: Options,
  thread: ThreadOptions = {},
): Promise<RunningInstance> {
  return IsolatedInstance.start(threads, bytes, options, thread);
}

/** As `run`, in a thread of its own. */
export async function runIsolated(threads: Threads, bytes: Uint8Array, options: Options): Promise<RunResult> {
  const given = { ...options, deadlock: options.deadlock ?? "trap" };
  const instance = await IsolatedInstance.start(threads, bytes, given, {});
  return { exitCode: await instance.run(), stats: instance.stats };
}

class IsolatedInstance implements RunningInstance {
  readonly stats: Stats = { stdin: newTally(), stdout: newTally(), stderr: newTally() };
  exports: Readonly<Record<string, unknown>> = {};
  readonly #thread: Thread;
  readonly #signal: AbortSignal | undefined;
  readonly #onAbort = (): void => void this.#thread.end(this.#signal?.reason);
  readonly #clock: MonotonicClock;
  /** What the signal throws when it is left: who has it leave is no caller. */
  readonly #unheard = new Unheard();
  #cancelTimeout = (): void => {};
  #isEnded = false;

  private constructor(threads: Threads, { signal }: Options, standard: Parked["standard"] | undefined) {
    const answers = { stats: (stats: Stats) => void Object.assign(this.stats, stats) };
    this.#thread = new Thread(threads, answers, () => this.#over(), standard);
    this.#clock = threads.platform.monotonicClock;
    this.#signal = signal;
  }

  static async start(
    threads: Threads,
    bytes: Uint8Array,
    options: Options,
    { standard, plugs = [] }: ThreadOptions,
  ): Promise<IsolatedInstance> {
    options.signal?.throwIfAborted();
    const instance = new IsolatedInstance(threads, options, standard);
    const { channel } = instance.#thread;
    const { deadlock: _, ...forPlug } = options;
    try {
      instance.#listen();
      for (const { component, failed } of plugs) {
        // oxlint-disable-next-line no-await-in-loop -- each may import what those before it export
        const given = await instance.#thread.keep(forPlug);
        // oxlint-disable-next-line no-await-in-loop -- as above
        await channel.call("plug", component.bytes, given).catch((error: unknown) => {
          throw instance.#isEnded ? error : failed(error);
        });
      }
      const given = await instance.#thread.keep(options);
      await channel.call("load", bytes);
      instance.#limit(options.timeout);
      // What worker.ts gives.
      instance.exports = instance.#functions((await channel.call("instantiate", given)) as WireExports);
      return instance;
    } catch (error) {
      await instance.#thread.end(error);
      throw error;
    }
  }

  /** Runs the command that it is, and closes it. Gives the exit code. */
  async run(): Promise<number> {
    let exitCode;
    try {
      // What `runCommand` gives.
      exitCode = (await this.#thread.channel.call("run")) as number;
    } finally {
      await this.#thread.end(new Error("the instance is closed"));
    }
    // What ended the guest is told before.
    this.#tell();
    return exitCode;
  }

  /** As that of any instance, it may be called by itself. */
  readonly close = async (): Promise<void> => {
    const closed = new Error("the instance is closed");
    if (this.#isEnded) {
      await this.#thread.end(closed);
      return;
    }
    try {
      await this.#thread.channel.call("close");
    } finally {
      await this.#thread.end(closed);
    }
    this.#tell();
  };

  #tell(): void {
    this.#thread.tell();
    this.#unheard.tell();
  }

  #listen(): void {
    guarded("signal.addEventListener", () => this.#signal?.addEventListener("abort", this.#onAbort, { once: true }));
  }

  /** From now on: the guest can begin. */
  #limit(timeout: number | undefined): void {
    if (timeout === undefined) return;
    this.#cancelTimeout = afterMs(this.#clock, timeout, () => void this.#thread.end(new TimeoutError(timeout)));
  }

  #over(): void {
    this.#isEnded = true;
    this.#cancelTimeout();
    this.#unheard.call("signal.removeEventListener", () => this.#signal?.removeEventListener("abort", this.#onAbort));
  }

  #functions(names: WireExports): Record<string, unknown> {
    const remote =
      (name: string, member?: string) =>
      (...args: readonly unknown[]) =>
        this.#thread.channel.call("call", name, member, args);
    return Object.fromEntries(
      Object.entries(names).map(([name, members]) => [
        name,
        members ? Object.fromEntries(members.map((member) => [member, remote(name, member)])) : remote(name),
      ]),
    );
  }
}

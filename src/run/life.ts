import { Instance } from "../bind/instance.ts";
import { messageOf } from "../io/cause.ts";
import { guarded } from "../io/checked-ports.ts";
import type { Level } from "../io/level.ts";
import type { Outlet } from "../io/outlet.ts";
import type { Tally } from "../io/tally.ts";
import { InternalError, RuntimeError } from "../io/trap.ts";
import { cannotWait } from "../wait/suspension.ts";
import { Task } from "../wait/task.ts";
import type { MonotonicClock } from "../wasi/clocks/clocks.ts";
import type { OpenFile } from "../wasi/filesystem/files.ts";
import type { SocketsStats } from "../wasi/sockets/tallies.ts";
import type { World } from "../wasi/world.ts";
import type { Grants } from "./grants.ts";
import type { InstanceOptions } from "./options.ts";
import type { Platform } from "./platform.ts";
import { makeWorld } from "./world.ts";

/** Thrown from an export whose guest called `exit`. */
export class ExitError extends RuntimeError {
  override readonly name: string = "ExitError";
  /** 0 to 255. */
  readonly code: number;

  constructor(code: number) {
    super(`the guest exited with code ${code}`);
    this.code = code;
  }
}

/** Why a guest was ended: it ran for longer than the option `timeout` allows. */
export class TimeoutError extends Error {
  override readonly name: string = "TimeoutError";
  /** Milliseconds. */
  readonly timeout: number;

  constructor(timeout: number) {
    super(`The guest was ended after ${timeout} ms (option timeout)`);
    this.timeout = timeout;
  }
}

/** What each standard stream carried, and each socket. */
export interface Stats {
  readonly stdin: Tally;
  readonly stdout: Tally;
  readonly stderr: Tally;
  /** Missing until it has one. */
  readonly sockets?: SocketsStats | undefined;
}

/** What a stream that writes to a file is doing now. */
export interface FileLevel extends Level {
  /** What the directory that was given to the guest has opened. */
  readonly file: OpenFile;
}

/** What the outputs are doing now. */
export interface Levels {
  readonly stdout: Level;
  readonly stderr: Level;
  /** Of files, in the order in which they were begun, until what was written is there. */
  readonly files: readonly FileLevel[];
}

/** One instance from its first import to the release of the last of its streams. Whatever ends it ends it for good. */
export class Life {
  readonly instance: Instance;
  readonly task: Task;
  readonly #platform: Platform;
  #signal: AbortSignal | undefined;
  readonly #onAbort = (): void => this.abort(this.#signal?.reason);
  #cancelTimeout: (() => void) | undefined;
  #aborted: { readonly reason: unknown } | undefined;
  /** Told at once when the instance is over. */
  onEnd: ((reason: unknown) => void) | undefined;
  #ended: Promise<void> | undefined;
  /** Whether it has ended, all of it, and nothing went wrong. */
  isOver = false;
  /** While its end waits for outputs: waits for them no longer. */
  #giveUp: (() => void) | undefined;

  constructor(platform: Platform, options: InstanceOptions<unknown, unknown>, grants: Grants) {
    this.#platform = platform;
    this.task = new Task(platform.loop);
    // Until there is an instance: start functions cannot be suspended.
    this.task.isSync = true;
    const world = makeWorld(platform, options, this.#exit, grants);
    this.instance = new Instance(world, this.task, {
      tracing: grants.tracing,
      leases: options.leases !== false,
      fail: (error) => void this.fail(error),
    });
    this.#limit(options);
  }

  get world(): World {
    return this.instance.world;
  }

  /** From outside, and in time. @throws What a port does, after its end: nobody else has it. */
  #limit({ signal, timeout }: InstanceOptions<unknown, unknown>): void {
    this.#signal = signal;
    this.#cancelTimeout = undefined;
    try {
      guarded("signal.addEventListener", () => signal?.addEventListener("abort", this.#onAbort, { once: true }));
      if (timeout === undefined) return;
      this.#cancelTimeout = afterMs(this.#platform.monotonicClock, timeout, () => {
        this.abort(new TimeoutError(timeout));
      });
    } catch (fault) {
      void this.end(fault);
      throw fault;
    }
  }

  /**
   * After its end: begins anew, for a guest that is as it was when it was made.
   *
   * @param options Of the same limits, leases and trace.
   * @returns Whether it has begun. It has not if anything of before still goes on: then it stays over.
   * @throws As the constructor does.
   */
  renew(options: InstanceOptions<unknown, unknown>, grants: Grants): boolean {
    if (this.#aborted) return false;
    const { limits } = this.world;
    const isRenewed = this.instance.renew(() => makeWorld(this.#platform, options, this.#exit, grants, limits));
    if (!isRenewed) return false;
    this.#ended = undefined;
    this.isOver = false;
    this.#limit(options);
    return true;
  }

  get stats(): Stats {
    const { stdin, stdout, stderr } = this.world;
    const { instance } = this;
    return {
      stdin: stdin.tally,
      stdout: stdout.outlet.tally,
      stderr: stderr.outlet.tally,
      get sockets() {
        return instance.sockets;
      },
    };
  }

  levels(): Levels {
    const { stdout, stderr } = this.world;
    const files = [...this.instance.heldOutlets].flatMap(([outlet, file]) =>
      file ? [{ ...outlet.level(), file }] : [],
    );
    return { stdout: stdout.outlet.level(), stderr: stderr.outlet.level(), files };
  }

  async close(): Promise<void> {
    await this.end(new Error("the instance is closed"));
  }

  /** The guest is over, for `reason`: delivers what it wrote, and releases everything. */
  end(reason: unknown): Promise<void> {
    if (!this.#ended) {
      this.#ended = this.#release(reason);
      // Whoever closes the instance is told; the process is not to end because nobody does.
      this.#ended.catch(() => {});
    }
    return this.#ended;
  }

  /** Ends the instance because of what left it. Gives what the caller is to be told, once its streams are ended. */
  async fail(error: unknown): Promise<unknown> {
    const reason = asTrap(error);
    try {
      await this.end(reason);
    } catch {
      // What ports do at the end is told to who closes the instance.
    }
    return this.#aborted ? this.#aborted.reason : reason;
  }

  readonly #exit = (code: number): never => {
    const exit = new ExitError(code);
    // Even a guest that catches this does nothing any more.
    this.task.end(exit);
    this.onEnd?.(exit);
    throw exit;
  };

  /** Ends the guest from outside, and gives up what it wrote and nobody has taken. */
  abort(reason: unknown): void {
    this.#aborted ??= { reason };
    this.instance.isAborted = true;
    for (const outlet of this.#outlets()) this.#guard(() => outlet.abort(reason));
    // A sink that is being ended may never say that it is.
    this.#giveUp?.();
    void this.end(reason);
  }

  /** Each step is taken, whatever those before it threw: outputs first, which may be the other half of the input. */
  async #release(reason: unknown): Promise<void> {
    const { faults, resources } = this.instance;
    const before = this.#aborted;
    this.#guard(() => this.task.end(reason));
    if (this.onEnd) this.#guard(() => this.onEnd?.(reason));
    const outlets = this.#outlets();
    faults.push(...resources.clear());
    // What the outputs wait for may be who writes to our input, who waits for us to read.
    if (this.world.stdin.source.leave) this.#guard(() => this.world.stdin.source.leave?.());
    const unfinished: Promise<void>[] = [];
    for (const outlet of outlets) {
      this.#guard(() => {
        const rest = outlet.sealOrWait();
        if (rest) unfinished.push(rest);
      });
    }
    if (unfinished.length > 0) faults.push(...(await this.#faultsOf(unfinished)));
    if (this.#cancelTimeout) this.#guard(this.#cancelTimeout);
    this.#guard(() => this.world.stdin.source.close());
    if (this.world.http) {
      // What has been answered by now, to nobody, is let go of first: what that throws is told too.
      if (this.instance.hasAsked) await this.#platform.loop.turn();
      this.#guard(() => this.world.http?.close?.());
    }
    if (this.world.network) this.#guard(() => this.world.network?.close?.());
    for (const { directory } of this.world.preopens) this.#guard(() => directory.release());
    this.#guard(() => {
      guarded("signal.removeEventListener", () => this.#signal?.removeEventListener("abort", this.#onAbort));
    });
    // What was still to be delivered is given up, and nobody else tells of that.
    if (this.#aborted && this.#aborted !== before) throw this.#aborted.reason;
    const others = faults.filter((fault, at) => fault !== reason && faults.indexOf(fault) === at);
    if (others.length > 0) throw faultOf(others);
    this.isOver = true;
  }

  /** What ended wrong of outputs that were under way; nothing if they are given up first. */
  async #faultsOf(unfinished: readonly Promise<void>[]): Promise<unknown[]> {
    const givenUp = new Promise<undefined>((resolve) => {
      this.#giveUp = () => resolve(undefined);
    });
    const ends = await Promise.race([Promise.allSettled(unfinished), givenUp]);
    this.#giveUp = undefined;
    return ends?.flatMap((end) => (end.status === "rejected" ? [end.reason as unknown] : [])) ?? [];
  }

  #guard(step: () => void): void {
    try {
      step();
    } catch (fault) {
      this.instance.faults.push(fault);
    }
  }

  #outlets(): Outlet[] {
    return [this.world.stdout.outlet, this.world.stderr.outlet, ...this.instance.heldOutlets.keys()];
  }
}

/** What ports did that is not as they should, as one. */
export function faultOf(faults: readonly unknown[]): InternalError {
  const [first] = faults;
  if (faults.length === 1) return first instanceof InternalError ? first : new InternalError("the end", first);
  const messages = faults.map((fault) => messageOf(fault));
  return new InternalError("the end", new AggregateError(faults, messages.join("; ")));
}

const NS_PER_MS = 1e6;

/** Calls back when the time has passed, on a clock whose timers may be early. */
export function afterMs(clock: MonotonicClock, ms: number, callback: () => void): () => void {
  const deadline = clock.now() + BigInt(Math.ceil(ms * NS_PER_MS));
  let cancel: () => void;
  const schedule = (): void => {
    const left = deadline - clock.now();
    cancel = clock.schedule(left > 0n ? left : 0n, () => (clock.now() < deadline ? schedule() : callback()));
  };
  schedule();
  return () => cancel();
}

/** What leaves a guest that is over, as what it is: engines have other names for some traps. */
export function asTrap(error: unknown): unknown {
  if (error instanceof WebAssembly.RuntimeError) return error;
  if (error instanceof RangeError && /stack/i.test(error.message)) {
    const trap = new RuntimeError("call stack exhausted", { cause: error });
    // Where it happened is what the engine saw.
    if (error.stack !== undefined) trap.stack = error.stack;
    return trap;
  }
  if (isException(error)) return new RuntimeError("uncaught exception", { cause: error });
  if (isSuspendError(error)) return cannotWait();
  return error;
}

/** Whether a guest has thrown it, as those with exceptions can. */
function isException(error: unknown): boolean {
  const { Exception } = WebAssembly as { readonly Exception?: new () => object };
  return Exception !== undefined && error instanceof Exception;
}

function isSuspendError(error: unknown): boolean {
  const { SuspendError } = WebAssembly as { readonly SuspendError?: new () => Error };
  return SuspendError !== undefined && error instanceof SuspendError;
}

import { Instance } from "../bind/instance.ts";
import { INTERFACES } from "../bind/interfaces.ts";
import { Task } from "../bind/task.ts";
import type { Outlet } from "../io/outlet.ts";
import type { Tally } from "../io/tally.ts";
import { RuntimeError } from "../io/trap.ts";
import type { World } from "../wasi/world.ts";
import type { CompiledComponent } from "./compile.ts";
import type { InstanceOptions } from "./options.ts";
import type { CoreModule, Platform } from "./platform.ts";
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

/** What each standard stream carried. */
export interface Stats {
  readonly stdin: Tally;
  readonly stdout: Tally;
  readonly stderr: Tally;
}

/** A running instance of a component. It lives until `close`, a trap, `exit` or the abort of its signal. */
export interface RunningInstance {
  /**
   * What the component exports: functions, and interfaces as objects of functions, in camel case. All functions return
   * promises. One call runs at a time; others wait for it.
   */
  readonly exports: Readonly<Record<string, unknown>>;
  readonly stats: Stats;
  /** Delivers what the guest wrote, ends its streams and releases everything. The instance is over then. */
  close(): Promise<void>;
}

export async function instantiate<Input, Output>(
  platform: Platform,
  component: CompiledComponent,
  options: InstanceOptions<Input, Output> = {},
): Promise<RunningInstance> {
  options.signal?.throwIfAborted();
  const life = new Life(platform, component, options);
  try {
    const { needs, glue, modules } = component;
    const imports: Record<string, unknown> = {};
    for (const name of needs) imports[name] = INTERFACES.get(name)?.(life.instance, life.world);
    const raw = await glue.instantiate((name) => known(modules, name), imports);
    return { exports: life.guardAll(raw), stats: life.stats, close: () => life.close() };
  } catch (error) {
    await life.end(error);
    throw error;
  }
}

function known(modules: ReadonlyMap<string, CoreModule>, name: string): CoreModule {
  const module = modules.get(name);
  if (!module) throw new Error(`The glue asks for a core module ${name} that was not generated`);
  return module;
}

/** One instance from its first import to the release of the last of its streams. */
class Life {
  readonly world: World;
  readonly instance: Instance;
  readonly #task: Task;
  readonly #signal: AbortSignal | undefined;
  readonly #onAbort = (): void => this.#abort();
  #ended: Promise<void> | undefined;

  constructor(platform: Platform, component: CompiledComponent, options: InstanceOptions<unknown, unknown>) {
    this.#task = new Task(platform.loop);
    this.world = makeWorld(platform, options, (code) => this.#exit(code));
    this.instance = new Instance(this.world.limits, this.#task, {
      trace: options.trace,
      leases: !component.isComposed,
    });
    this.#signal = options.signal;
    this.#signal?.addEventListener("abort", this.#onAbort, { once: true });
  }

  get stats(): Stats {
    const { stdin, stdout, stderr } = this.world;
    return { stdin: stdin.tally, stdout: stdout.outlet.tally, stderr: stderr.outlet.tally };
  }

  /** The exports, each function guarded. What is neither function nor interface stays as it is. */
  guardAll(raw: Readonly<Record<string, unknown>>): Record<string, unknown> {
    return Object.fromEntries(
      Object.entries(raw).map(([name, value]) => [
        name,
        typeof value === "function"
          ? this.#guard(value as (...args: unknown[]) => unknown)
          : typeof value === "object" && value !== null
            ? this.guardAll(value as Record<string, unknown>)
            : value,
      ]),
    );
  }

  async close(): Promise<void> {
    await this.end(new Error("the instance is closed"));
  }

  /** The guest is over, for `reason`: delivers what it wrote, and releases everything. */
  end(reason: unknown): Promise<void> {
    this.#ended ??= this.#release(reason);
    return this.#ended;
  }

  /** A call of an export. If it ends the instance, its streams are ended before the caller hears of it. */
  #guard(fn: (...args: unknown[]) => unknown): (...args: unknown[]) => Promise<unknown> {
    // A class that the component exports is no plain function: its instances are the caller's.
    if (/^class\b/.test(Function.prototype.toString.call(fn))) return fn as never;
    return async (...args) => {
      try {
        this.#task.assertAlive();
        return await fn(...args);
      } catch (error) {
        if (error instanceof WebAssembly.RuntimeError || this.#signal?.aborted === true) await this.end(error);
        if (this.#signal?.aborted === true) throw this.#signal.reason;
        throw error;
      }
    };
  }

  #exit(code: number): never {
    const exit = new ExitError(code);
    // Even a guest that catches this does nothing any more.
    this.#task.end(exit);
    this.instance.resources.clear();
    throw exit;
  }

  #abort(): void {
    for (const outlet of this.#outlets()) outlet.abort(this.#signal?.reason);
    void this.end(this.#signal?.reason);
  }

  async #release(reason: unknown): Promise<void> {
    this.#task.end(reason);
    const outlets = this.#outlets();
    this.instance.resources.clear();
    this.world.stdin.source.close();
    await Promise.all(outlets.map((outlet) => outlet.finish()));
    for (const { directory } of this.world.preopens) directory.release();
    this.#signal?.removeEventListener("abort", this.#onAbort);
  }

  #outlets(): Outlet[] {
    return [this.world.stdout.outlet, this.world.stderr.outlet, ...this.instance.outlets];
  }
}

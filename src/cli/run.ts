/** `sluice run`: a component on the process's own standard streams. */
import { basename } from "node:path";
import { show } from "../abi/show.ts";
import { nodePlatform, type Directory } from "../hosts/node/platform.ts";
import { type CompiledComponent } from "../run/component.ts";
import { compile } from "../run/compile.ts";
import type { Imports } from "../run/imports.ts";
import { instantiate, type RunningInstance } from "../run/instantiate.ts";
import type { Invocation } from "../run/invoke.ts";
import { ExitError, TimeoutError, type Stats } from "../run/life.ts";
import type { InstanceOptions } from "../run/options.ts";
import type { Platform } from "../run/platform.ts";
import { runCommand } from "../run/run.ts";
import type { Input, Output } from "../hosts/node/stdio.ts";
import { canSuspend } from "../wait/suspension.ts";
import type { Command } from "./command.ts";
import { deadlock } from "./nothing-left.ts";
import { readComponent } from "./read.ts";
import { watchedStandard } from "./line-end.ts";
import { PlugError, reportRun } from "./run-failure.ts";
import { print, say } from "./write.ts";

/** Node, with messages of ours on lines of their own. */
const PLATFORM: Platform = { ...nodePlatform, standard: watchedStandard };

/** How far up a backtrace goes. */
const STACK_FRAMES = 100;

/** What a run in a thread of its own is given by the other. */
export interface Isolation {
  /** Aborted with a `SignalError`. */
  readonly signal: AbortSignal;
  /** Told when the guest is about to begin. */
  onStart(stats: Stats): void;
}

/** Runs it, tells of whatever goes wrong, and gives the exit code. */
export async function runComponent(
  { options, path, args }: Command & { readonly name: "run" },
  isolation?: Isolation,
): Promise<number> {
  Error.stackTraceLimit = STACK_FRAMES;
  const lastWords: (() => void)[] = [];
  const plugs: RunningInstance[] = [];
  let exitCode;
  let ending;
  try {
    const bytes = readComponent(path);
    const component = await compile(bytes);
    const invoked = options.invoke === undefined ? undefined : await prepared(component, bytes, options.invoke, args);
    const signals = [...(isolation ? [isolation.signal] : []), ...(component.isAsync ? [deadlock()] : [])];
    const granted = {
      args: [options.argv0 ?? basename(path), ...args],
      env: options.env,
      preopens: options.preopens,
      blockingFiles: true,
      // A thread that is to be ended, and the display of progress, need the event loop. Nothing that a guest has does.
      blockingStdio: !isolation,
      stdin: "inherit",
      stdout: "inherit",
      stderr: "inherit",
      limits: options.limits,
      permits: options.permits,
      network: options.network ?? false,
      http: options.http ?? false,
      ...(options.trace ? { trace: sayCall } : {}),
      ...(signals.length > 0 ? { signal: AbortSignal.any(signals) } : {}),
      ...(options.timeout === undefined ? {} : { timeout: options.timeout }),
    } as const;
    const instance = canSuspend()
      ? await beginHere(component, options.plugs, granted, plugs)
      : await beginInThread(component, options.plugs, granted);
    isolation?.onStart(instance.stats);
    if (options.progress) {
      const { showProgress } = await import("./progress.ts");
      lastWords.push(showProgress(instance.stats));
    }
    if (options.stats) {
      const { statsTable } = await import("./stats.ts");
      lastWords.push(() => say(statsTable(instance.stats)));
    }
    exitCode = invoked ? await invoke(invoked, instance) : await runCommand(instance);
  } catch (error) {
    ending = error;
    // The guest has not begun, and has carried nothing.
    if (options.stats && lastWords.length === 0 && error instanceof TimeoutError) {
      const [{ statsTable }, { newTally }] = await Promise.all([import("./stats.ts"), import("../io/tally.ts")]);
      lastWords.push(() => say(statsTable({ stdin: newTally(), stdout: newTally(), stderr: newTally() })));
    }
  }
  // A user before what it uses.
  for (const library of plugs.toReversed()) {
    // oxlint-disable-next-line no-await-in-loop -- as above
    await library.close().catch((error: unknown) => (ending ??= error));
  }
  for (const lastWord of lastWords) lastWord();
  return exitCode ?? reportRun(ending, path);
}

/** An instance, after those that are plugged in. */
async function beginHere(
  component: CompiledComponent,
  paths: readonly string[],
  options: InstanceOptions<Input, Output, Directory>,
  plugs: RunningInstance[],
): Promise<RunningInstance> {
  const imports = await plugged(paths, options, plugs);
  return instantiate(PLATFORM, component, { ...options, imports, deadlock: "trap" });
}

/** Where the only way for guests to wait is in a thread of their own. */
async function beginInThread(
  component: CompiledComponent,
  plugs: readonly string[],
  options: InstanceOptions<Input, Output, Directory>,
): Promise<RunningInstance> {
  const [{ nodeThreads }, { instantiateIsolated }] = await Promise.all([
    import("../hosts/node/isolate/threads.ts"),
    import("../hosts/isolate/host.ts"),
  ]);
  return instantiateIsolated(
    nodeThreads,
    component.bytes,
    { ...options, deadlock: "trap" },
    {
      standard: watchedStandard,
      plugs: plugs.map((path) => ({
        bytes: readPlug(path),
        failed: (error: unknown) => new PlugError(path, error),
      })),
    },
  );
}

/** @throws {PlugError} */
function readPlug(path: string): Uint8Array {
  try {
    return readComponent(path);
  } catch (error) {
    throw new PlugError(path, error);
  }
}

async function prepared(
  component: CompiledComponent,
  bytes: Uint8Array,
  call: string,
  args: readonly string[],
): Promise<Invocation> {
  const { invoked } = await import("./invoke.ts");
  return invoked(component, bytes, call, args);
}

async function invoke(invoked: Invocation, instance: RunningInstance): Promise<number> {
  try {
    const result = await invoked.call(instance);
    if (result !== "") print(`${result}\n`);
    return 0;
  } catch (error) {
    if (error instanceof ExitError) return error.code;
    throw error;
  } finally {
    await instance.close();
  }
}

/** @throws {PlugError} If it cannot be instantiated. */
async function plug(path: string, options: InstanceOptions<Input, Output, Directory>): Promise<RunningInstance> {
  try {
    return await instantiate(PLATFORM, await compile(readComponent(path)), options);
  } catch (error) {
    throw new PlugError(path, error);
  }
}

/** What components export, as imports of others: each is also given what those before it export. */
async function plugged(
  paths: readonly string[],
  options: InstanceOptions<Input, Output, Directory>,
  into: RunningInstance[],
): Promise<Imports> {
  const imports: Record<string, Imports[string]> = {};
  for (const path of paths) {
    // oxlint-disable-next-line no-await-in-loop -- each may import what those before it export
    const instance = await plug(path, { ...options, imports: { ...imports } });
    into.push(instance);
    // Functions and interfaces, as an instance exports them.
    Object.assign(imports, instance.exports as Imports);
  }
  return imports;
}

function sayCall(name: string, values: readonly unknown[], outcome: string): void {
  say(`${name}(${values.map(show).join(", ")}) ${outcome}`.trimEnd().replaceAll("\n", " ") + "\n");
}

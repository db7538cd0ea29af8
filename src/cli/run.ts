/** `sluice run`: a component on the process's own standard streams. */
import { basename } from "node:path";
import { show } from "../abi/show.ts";
import { nodePlatform, type Directory } from "../hosts/node/platform.ts";
import { type CompiledComponent } from "../run/component.ts";
import { compile } from "../run/compile.ts";
import { instantiate, type RunningInstance } from "../run/instantiate.ts";
import type { Invocation } from "../run/invoke.ts";
import { ExitError, TimeoutError, type Stats } from "../run/life.ts";
import type { InstanceOptions } from "../run/options.ts";
import type { Platform } from "../run/platform.ts";
import { pluggedIn, type Plug, type Plugs } from "../run/plugs.ts";
import { runCommand } from "../run/run.ts";
import type { Input, Output } from "../hosts/node/stdio.ts";
import { canSuspend } from "../wait/suspension.ts";
import type { Command } from "./command.ts";
import { deadlock } from "./nothing-left.ts";
import { plugsAt } from "./plugs.ts";
import { readComponent } from "./read.ts";
import { watchedStandard } from "./line-end.ts";
import { reportRun } from "./run-failure.ts";
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
  let plugs: Plugs | undefined;
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
    const given = await plugsAt(options.plugs, component);
    let instance;
    if (canSuspend()) {
      const all = given.map(() => granted);
      plugs = await pluggedIn(PLATFORM, given, all);
      const imports = plugs.importsWith(undefined);
      instance = await instantiate(PLATFORM, component, { ...granted, imports, deadlock: "trap" });
    } else instance = await beginInThread(component, given, granted);
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
  await plugs?.close().catch((error: unknown) => (ending ??= error));
  for (const lastWord of lastWords) lastWord();
  return exitCode ?? reportRun(ending, path);
}

/** Where the only way for guests to wait is in a thread of their own. */
async function beginInThread(
  component: CompiledComponent,
  plugs: readonly Plug[],
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
      plugs,
    },
  );
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

function sayCall(name: string, values: readonly unknown[], outcome: string): void {
  say(`${name}(${values.map(show).join(", ")}) ${outcome}`.trimEnd().replaceAll("\n", " ") + "\n");
}

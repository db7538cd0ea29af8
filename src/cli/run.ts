/** `sluice run`: a component on the process's own standard streams. */
import { readFileSync } from "node:fs";
import { basename } from "node:path";
import { show } from "../abi/show.ts";
import { nodePlatform } from "../hosts/node/platform.ts";
import { compile } from "../run/compile.ts";
import { instantiate } from "../run/instantiate.ts";
import { runCommand } from "../run/run.ts";
import type { Command } from "./command.ts";
import { reportRun } from "./run-failure.ts";
import { abortOnSignal, needsHandler, passOn, SignalError } from "./signals.ts";
import { UsageError } from "./usage.ts";
import { say } from "./write.ts";

/** How far up a backtrace goes. */
const STACK_FRAMES = 100;

/** Runs it, tells of whatever goes wrong, and gives the exit code. */
export async function runComponent({ options, path, args }: Command & { readonly name: "run" }): Promise<number> {
  Error.stackTraceLimit = STACK_FRAMES;
  const lastWords: (() => void)[] = [];
  let exitCode;
  let ending;
  try {
    const component = await compile(readComponent(path));
    const handled = needsHandler(options.stats || options.progress);
    const instance = await instantiate(nodePlatform, component, {
      args: [options.argv0 ?? basename(path), ...args],
      env: options.env,
      preopens: options.preopens,
      blockingFiles: true,
      // A handler of signals, and the display of progress, need the event loop. Nothing that a guest has does.
      blockingStdio: !handled,
      stdin: "inherit",
      stdout: "inherit",
      stderr: "inherit",
      limits: options.limits,
      permits: options.permits,
      ...(options.trace ? { trace: sayCall } : {}),
      ...(handled ? { signal: abortOnSignal() } : {}),
    });
    if (options.progress) {
      const { showProgress } = await import("./progress.ts");
      lastWords.push(showProgress(instance.stats));
    }
    if (options.stats) {
      const { statsTable } = await import("./stats.ts");
      lastWords.push(() => say(statsTable(instance.stats)));
    }
    exitCode = await runCommand(instance);
  } catch (error) {
    ending = error;
  }
  for (const lastWord of lastWords) lastWord();
  if (ending instanceof SignalError) passOn(ending.signal);
  return exitCode ?? reportRun(ending, path);
}

function sayCall(name: string, values: readonly unknown[], outcome: string): void {
  say(`${name}(${values.map(show).join(", ")}) ${outcome}`.trimEnd().replaceAll("\n", " ") + "\n");
}

/** @throws {UsageError} If there is nothing to read. */
function readComponent(path: string): Uint8Array {
  try {
    return readFileSync(path);
  } catch (error) {
    throw new UsageError(unreadable(path, error));
  }
}

function unreadable(path: string, error: unknown): string {
  const code = error instanceof Error && "code" in error ? error.code : undefined;
  if (code === "ENOENT") return `${path}: There is no such file: expected a component, or a command (run, help)`;
  if (code === "EISDIR") return `${path}: This is a folder: expected the file of a component`;
  if (code === "EACCES") return `${path}: You may not read this file: expected a component that you may`;
  return `${path}: The file cannot be read: ${error instanceof Error ? error.message : String(error)}`;
}

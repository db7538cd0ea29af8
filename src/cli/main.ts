/** The `sluice` command. bin/sluice.js calls it, on a Node that is new enough. */
import { commandOf, type RunOptions } from "./command.ts";
import { report } from "./failure.ts";
import { onNothingLeft } from "./nothing-left.ts";
import { version } from "./version.ts";
import { print } from "./write.ts";

let ran = false;

/** Whether a component was run in this process: what V8 has compiled of the command then is worth keeping. */
export function hasRun(): boolean {
  return ran;
}

/**
 * Carries out a command line. The process ends by itself when nothing is left to do, with the exit code that is set.
 *
 * @param args What follows the name of the program.
 * @param keep Keeps what V8 has compiled by now, for the next start.
 */
export async function main(args: readonly string[], keep: () => void): Promise<void> {
  process.on("uncaughtException", onUncaught);
  process.on("beforeExit", onNothingLeft);
  process.exitCode = await carryOut(args, keep);
  process.off("beforeExit", onNothingLeft);
}

/** Carries out what `runIsolated` wants of a thread. */
export async function runInThread(): Promise<void> {
  process.on("beforeExit", onNothingLeft);
  const thread = await import("./thread.ts");
  await thread.runInThread();
  process.off("beforeExit", onNothingLeft);
}

/**
 * Whether the guest must have a thread of its own. If not, the first signal ends the process by itself, also while the guest
 * computes and never lets the event loop have a turn.
 */
function mustBeIsolated({ stats, progress, timeout }: RunOptions): boolean {
  // With last words after the guest; and the first process of a container gets only the signals that it asks for.
  return stats || progress || timeout !== undefined || process.pid === 1;
}

async function carryOut(args: readonly string[], keep: () => void): Promise<number> {
  try {
    const command = commandOf(args, process.env);
    if (command.name === "run") {
      // Only now: the other commands do not pay for it.
      if (mustBeIsolated(command.options)) return await (await import("./isolated.ts")).runIsolated(command);
      const { runComponent } = await import("./run.ts");
      ran = true;
      return await runComponent(command);
    }
    if (command.name === "serve") {
      const { serveComponent } = await import("./serve.ts");
      ran = true;
      return await serveComponent(command, keep);
    }
    if (command.name === "build") {
      const { buildComponent } = await import("./build.ts");
      return await buildComponent(command);
    }
    if (command.name === "nats") {
      const { runOnBroker } = await import("./nats/main.ts");
      return await runOnBroker(command.verb, command.args);
    }
    if (command.name === "types") {
      const { printTypes } = await import("./types.ts");
      return printTypes(command);
    }
    if (command.name === "inspect") {
      const { printInspection } = await import("./inspect.ts");
      return printInspection(command);
    }
    if (command.name === "help") print((await import("./help.ts")).helpText(command.topic));
    if (command.name === "version") print(`sluice ${version()}\n`);
    return 0;
  } catch (error) {
    return report(error);
  }
}

/** Something threw where nobody waits for it. */
function onUncaught(error: unknown): void {
  // What the process does from here on is unknown, and it may never end by itself.
  process.exit(report(error));
}

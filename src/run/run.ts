import type { CompiledComponent } from "./component.ts";
import { WitError } from "../io/errors.ts";
import { instantiate, type RunningInstance } from "./instantiate.ts";
import { ExitError, type Stats } from "./life.ts";
import type { InstanceOptions } from "./options.ts";
import type { Platform } from "./platform.ts";

/** How a command ended. */
export interface RunResult {
  /** 0 to 255: what the guest gave to `exit`, else 0 or 1 as its `run` succeeded or failed. */
  readonly exitCode: number;
  readonly stats: Stats;
}

/** The component has no `wasi:cli/run` to run. */
export class NotACommandError extends Error {
  override readonly name: string = "NotACommandError";
}

/**
 * Runs a command component to its end. What it wrote has been delivered when this resolves or rejects.
 *
 * @throws {WebAssembly.RuntimeError} If the guest traps; `Trap` if it broke a rule of ours.
 * @throws The reason of `options.signal` if that was aborted.
 */
export async function run<Input, Output>(
  platform: Platform,
  component: CompiledComponent,
  options: InstanceOptions<Input, Output> = {},
): Promise<RunResult> {
  const instance = await instantiate(platform, component, { ...options, deadlock: options.deadlock ?? "trap" });
  return { exitCode: await runCommand(instance), stats: instance.stats };
}

/**
 * Runs the command that `instance` is, and closes it: for callers that want its `stats` on the way, or after a trap.
 *
 * @returns The exit code.
 * @throws As `run` does.
 */
export async function runCommand(instance: RunningInstance): Promise<number> {
  let exitCode = 0;
  try {
    const command = commandOf(instance.exports) ?? (await import("./no-command.ts")).refuse(instance.exports);
    await command();
  } catch (error) {
    const code = codeOf(error);
    if (code === undefined) {
      // What ended the guest is told, before what its streams did then.
      await instance.close().catch(() => {});
      throw error;
    }
    exitCode = code;
  }
  await instance.close();
  return exitCode;
}

/** The exit code that `error` stands for, if it does. */
function codeOf(error: unknown): number | undefined {
  if (error instanceof ExitError) return error.code;
  // The error case of `run` carries nothing.
  return error instanceof WitError && error.payload === undefined ? 1 : undefined;
}

/** What runs it; nothing if it is no command. */
function commandOf(exports: Readonly<Record<string, unknown>>): (() => Promise<unknown>) | undefined {
  const start = exports["_start"];
  // What an instance exports under this name is the start of a command of preview 1, guarded.
  if (typeof start === "function") return start as () => Promise<unknown>;
  // What a toolchain of 0.3 exports of 0.2 beside that may be a stub.
  for (const version of ["3", "2"]) {
    for (const [name, value] of Object.entries(exports)) {
      if (!name.startsWith(`wasi:cli/run@0.${version}.`)) continue;
      if (typeof value === "object" && value !== null && "run" in value && typeof value.run === "function") {
        return value.run as () => Promise<unknown>;
      }
    }
  }
  return undefined;
}

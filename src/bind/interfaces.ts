/** Every interface that a guest may import, by its name without a version. */
import type { World } from "../wasi/world.ts";
import * as cli from "./cli.ts";
import * as clocks from "./clocks.ts";
import * as filesystem from "./filesystem.ts";
import type { Instance } from "./instance.ts";
import * as io from "./io.ts";
import * as random from "./random.ts";

/** Makes the functions and classes of an interface for one instance. */
export type Interface = (instance: Instance, world: World) => Record<string, unknown>;

export const INTERFACES: ReadonlyMap<string, Interface> = new Map<string, Interface>([
  ["wasi:io/error", io.error],
  ["wasi:io/poll", io.pollInterface],
  ["wasi:io/streams", io.streams],
  ["wasi:cli/environment", cli.environment],
  ["wasi:cli/exit", cli.exit],
  ["wasi:cli/stdin", cli.stdin],
  ["wasi:cli/stdout", cli.stdout],
  ["wasi:cli/stderr", cli.stderr],
  ["wasi:cli/terminal-input", cli.terminalInput],
  ["wasi:cli/terminal-output", cli.terminalOutput],
  ["wasi:cli/terminal-stdin", cli.terminalStdin],
  ["wasi:cli/terminal-stdout", cli.terminalStdout],
  ["wasi:cli/terminal-stderr", cli.terminalStderr],
  ["wasi:clocks/monotonic-clock", clocks.monotonicClock],
  ["wasi:clocks/wall-clock", clocks.wallClock],
  ["wasi:random/random", random.random],
  ["wasi:random/insecure", random.insecure],
  ["wasi:random/insecure-seed", random.insecureSeed],
  ["wasi:filesystem/preopens", filesystem.preopens],
  ["wasi:filesystem/types", filesystem.types],
]);

import { limitsFrom } from "../io/limits.ts";
import { Outlet } from "../io/outlet.ts";
import { newTally } from "../io/tally.ts";
import { SeededRandom } from "../wasi/random.ts";
import { Shared } from "../wasi/shared.ts";
import type { Preopen, StandardOutput, World } from "../wasi/world.ts";
import type { InstanceOptions, PreopenOption } from "./options.ts";
import type { Platform } from "./platform.ts";

/** The world of one instance: what `options` grant, on what the platform has, and nothing else. */
export function makeWorld(
  platform: Platform,
  options: InstanceOptions<unknown, unknown>,
  exit: (code: number) => never,
): World {
  const limits = limitsFrom(options.limits);
  const stdin = platform.input(options.stdin ?? "ignore");
  function output(which: "stdout" | "stderr"): StandardOutput {
    const { sink, isTerminal } = platform.output(options[which] ?? "ignore", which);
    return { outlet: new Outlet(sink, limits.bufferBytes), isTerminal };
  }
  const random = options.random ?? platform.random;
  const seed = options.insecureSeed ?? randomSeed(random);
  return {
    args: options.args ?? [],
    env: Object.entries(options.env ?? {}),
    cwd: options.cwd,
    stdin: { source: stdin.source, tally: newTally(), isTerminal: stdin.isTerminal },
    stdout: output("stdout"),
    stderr: output("stderr"),
    preopens: Object.entries(options.preopens ?? {}).map(([path, value]) => preopen(platform, path, value)),
    monotonicClock: options.monotonicClock ?? platform.monotonicClock,
    wallClock: options.wallClock ?? platform.wallClock,
    random,
    insecureRandom: new SeededRandom(seed[0] ^ seed[1]),
    insecureSeed: () => seed,
    limits,
    permits: options.permits ?? "strict",
    exit,
  };
}

function preopen(platform: Platform, path: string, value: PreopenOption<unknown>): Preopen {
  const isPair = typeof value === "object" && value !== null && "directory" in value;
  const readOnly = isPair && "readOnly" in value && value.readOnly === true;
  return { path, readOnly, directory: new Shared(platform.directory(isPair ? value.directory : value, path)) };
}

function randomSeed(random: World["random"]): readonly [bigint, bigint] {
  const bytes = new Uint8Array(16);
  random.fill(bytes);
  const view = new DataView(bytes.buffer);
  return [view.getBigUint64(0), view.getBigUint64(8)];
}

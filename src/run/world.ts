import { quoted } from "../io/quoted.ts";
import { isBoolean } from "../io/assert-shape.ts";
import { causeOf, messageOf } from "../io/cause.ts";
import { abandon, guarded, misbehaved } from "../io/checked-ports.ts";
import type { Limits } from "../io/limits.ts";
import { limitsFrom } from "./given-limits.ts";
import { Outlet } from "../io/outlet.ts";
import { isObject, isThenable, membersSeen } from "../io/shape.ts";
import { newTally } from "../io/tally.ts";
import { told } from "../io/told.ts";
import { SeededRandom, type RandomSource } from "../wasi/random/random.ts";
import { Shared } from "../wasi/filesystem/shared.ts";
import type { Preopen, StandardOutput, World } from "../wasi/world.ts";
import type { Grants } from "./grants.ts";
import type { InstanceOptions, PreopenOption } from "./options.ts";
import type { OpenedOutput, Platform } from "./platform.ts";

/**
 * The world of one instance: what `options` grant, on what the platform has, and nothing else.
 *
 * @param grants What `options` grant that had to be waited for: see grants.ts.
 * @param limits Those of `options`, if somebody has made them before.
 */
export function makeWorld(
  platform: Platform,
  options: InstanceOptions<unknown, unknown>,
  exit: (code: number) => never,
  { network, http, monotonicClock, wallClock }: Grants = {},
  limits: Limits = limitsFrom(options.limits),
): World {
  // What may throw comes before what is opened, and would have to be let go of.
  const { args = [], cwd, permits = "strict" } = options;
  const env = variablesOf(options.env);
  const random = options.random ? checkedRandom(options.random) : platform.random;
  const insecureSeed = seedOf(options, random);
  const preopens: Preopen[] = [];
  try {
    openAll(platform, options, preopens);
    const { stdin, stdout, stderr } = streamsOf(platform, options, limits);
    // Written out: copied together it would take three times as long, and it is made for each request that is answered.
    return {
      stdin,
      stdout,
      stderr,
      preopens,
      limits,
      exit,
      network,
      http,
      args,
      env,
      cwd,
      monotonicClock: monotonicClock ?? platform.monotonicClock,
      wallClock: wallClock ?? platform.wallClock,
      random,
      insecureRandom: seededBy(insecureSeed),
      insecureSeed,
      permits,
    };
  } catch (error) {
    abandon(
      () => http?.close?.(),
      () => network?.close?.(),
    );
    for (const { directory } of preopens) abandon(() => directory.release());
    throw error;
  }
}

/** What is `undefined`, as in an environment of Node's, is not there. */
function variablesOf(env: InstanceOptions<unknown, unknown>["env"]): World["env"] {
  return Object.entries(env ?? {}).filter((one): one is [string, string] => one[1] !== undefined);
}

function streamsOf(
  platform: Platform,
  options: InstanceOptions<unknown, unknown>,
  limits: Limits,
): Pick<World, "stdin" | "stdout" | "stderr"> {
  const { stdin, stdout, stderr } = platform.standard({
    stdin: options.stdin ?? "ignore",
    stdout: options.stdout ?? "ignore",
    stderr: options.stderr ?? "ignore",
    blockingStdio: (options.blockingStdio ?? false) && filesBlock(options) && !isConnected(options),
  });
  const output = ({ sink, isTerminal }: OpenedOutput): StandardOutput => ({
    outlet: new Outlet(sink, limits.bufferBytes),
    isTerminal,
  });
  return {
    stdin: { source: stdin.source, tally: newTally(), isTerminal: stdin.isTerminal },
    stdout: output(stdout),
    stderr: output(stderr),
  };
}

/** Whether it has connections, whose bytes go on while it waits for something else. */
function isConnected({ network = false, http = false }: InstanceOptions<unknown, unknown>): boolean {
  return network !== false || http !== false;
}

/** Whether files need no event loop: there are none, or they are the platform's own, which block. */
function filesBlock({ preopens = {}, blockingFiles = false }: InstanceOptions<unknown, unknown>): boolean {
  return Object.values(preopens).every((value) => blockingFiles && typeof given(value).directory === "string");
}

/** Made when it is asked for: Node's secure source takes 5 ms to load, and most guests never ask. */
function seedOf(options: InstanceOptions<unknown, unknown>, random: RandomSource): World["insecureSeed"] {
  let seed = options.insecureSeed;
  return () => (seed ??= randomSeed(random));
}

function seededBy(seed: World["insecureSeed"]): RandomSource {
  let seeded: SeededRandom | undefined;
  return {
    fill(into) {
      if (!seeded) {
        const [high, low] = seed();
        seeded = new SeededRandom(high ^ low);
      }
      seeded.fill(into);
    },
  };
}

/** What an embedder's source throws is no fault of the guest's, and what it has not filled yet is not random. */
function checkedRandom(random: RandomSource): RandomSource {
  return {
    fill(into) {
      const { length } = into;
      const filled: unknown = guarded("random.fill", () => random.fill(into));
      if (isThenable(filled)) throw misbehaved("random.fill", "bytes at once", filled);
      if (into.length !== length) throw misbehaved("random.fill", `${length} bytes where they were`, into);
    },
  };
}

/** A directory that a guest was to be given cannot be opened. `cause` says why. */
export class PreopenError extends Error {
  override readonly name: string = "PreopenError";

  constructor(path: string, thrown: unknown) {
    const cause = causeOf(thrown);
    super(`preopens[${quoted(path)}]: ${messageOf(cause)}`, { cause });
  }
}

/** @param opened Where each is put. @throws {PreopenError} For the first that cannot be. */
function openAll(platform: Platform, options: InstanceOptions<unknown, unknown>, opened: Preopen[]): void {
  for (const [path, value] of Object.entries(options.preopens ?? {})) {
    try {
      opened.push(preopen(platform, path, value, options.blockingFiles ?? false));
    } catch (cause) {
      throw new PreopenError(path, cause);
    }
  }
}

function preopen(platform: Platform, path: string, value: PreopenOption<unknown>, blocking: boolean): Preopen {
  const { directory, readOnly } = checkedGiven(value);
  return { path, readOnly, directory: new Shared(platform.directory(directory, path, blocking)) };
}

/** A word that is misspelt would let a guest write. @throws {TypeError} For one that there is not. */
export function checkedGiven<Directory>(value: PreopenOption<Directory>): {
  readonly directory: Directory;
  readonly readOnly: boolean;
} {
  const { directory, ...word } = membersSeen(given(value), ["directory", "readOnly"]);
  const { readOnly = false, ...others } = word;
  // Who opens it looks at it.
  if (isBoolean(readOnly) && Object.keys(others).length === 0) return { directory: directory as Directory, readOnly };
  throw new TypeError(`expected { directory, readOnly: true or false }, got ${told(word)}`);
}

/** A directory alone, or with a word on it. */
export function given<Directory>(value: PreopenOption<Directory>): {
  readonly directory: Directory;
  readonly readOnly?: boolean | undefined;
} {
  return isObject(value) && "directory" in value ? value : { directory: value };
}

function randomSeed(random: World["random"]): readonly [bigint, bigint] {
  const bytes = new Uint8Array(16);
  random.fill(bytes);
  const view = new DataView(bytes.buffer);
  return [view.getBigUint64(0), view.getBigUint64(8)];
}

/** Who runs the guests, and the loops without WebAssembly that show what the machine can do. */
import { execFile } from "node:child_process";
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { CACHE, guestPath, peerModule } from "./peer.ts";
import { OURS, type Case, type Measurement } from "./case.ts";
import { ROOT } from "./processes.ts";

const runFile = promisify(execFile);

/** The command line that runs a guest with `folder` as its root directory. */
export type GuestCommand = (guest: string, args: readonly string[], folder?: string) => Promise<readonly string[]>;

/** The command line of a loop without a guest: see programs/limit.c and programs/limit.ts, which take the same. */
export type LimitCommand = (args: readonly string[]) => readonly string[];

export const SHIM = "preview2-shim";
export const WASMTIME = "Wasmtime";
export const NODE = "Node";
export const C = "C";

/** What the programs that run the others take for a folder where there is none. */
const NO_FOLDER = "";

/** A program of ours that runs guests within its process, or does the like without one. */
export function program(name: string, ...args: readonly (string | number)[]): readonly string[] {
  return [process.execPath, "--expose-gc", join(ROOT, "bench", "programs", `${name}.ts`), ...args.map(String)];
}

const sluice: GuestCommand = (guest, args, folder) =>
  Promise.resolve([
    process.execPath,
    join(ROOT, "bin", "sluice.js"),
    "run",
    ...(folder === undefined ? [] : ["--dir", `${folder}::/`]),
    guestPath(guest),
    ...args,
  ]);

const shim: GuestCommand = async (guest, args, folder = NO_FOLDER) => [
  process.execPath,
  await peerModule(guest),
  folder,
  guest,
  ...args,
];

/** Those who are at hand, and why the others are not. */
export interface Contestants {
  readonly guests: Readonly<Record<string, GuestCommand | string>>;
  readonly limits: Readonly<Record<string, LimitCommand | string>>;
  /** Wasmtime with nothing kept from an earlier run: its command keeps what it has compiled. */
  readonly wasmtimeAnew: GuestCommand | string;
  /** What `Wasmtime` and `C` are, for the record. */
  readonly versions: Readonly<Record<string, string>>;
}

export async function contestants(): Promise<Contestants> {
  const [wasmtime, c] = await Promise.all([findWasmtime(), compileLimit()]);
  const node: LimitCommand = (args) => program("limit", ...args);
  return {
    guests: { [OURS]: sluice, [SHIM]: shim, [WASMTIME]: wasmtime.found?.() ?? wasmtime.version },
    wasmtimeAnew: wasmtime.found?.("-C", "cache=n") ?? wasmtime.version,
    limits: { [NODE]: node, [C]: c.found ?? c.version },
    versions: { [WASMTIME]: wasmtime.version, [C]: c.version },
  };
}

/** What a machine may have. */
interface Found<T> {
  readonly found?: T;
  /** Or why there is none. */
  readonly version: string;
}

/** The binary, else its Python package, which keeps nothing: its options go without saying. */
async function findWasmtime(): Promise<Found<(...options: readonly string[]) => GuestCommand>> {
  try {
    const { stdout } = await runFile("wasmtime", ["--version"]);
    return {
      version: stdout.trim(),
      found:
        (...options) =>
        (guest, args, folder) =>
          Promise.resolve([
            ...["wasmtime", "run", ...options, ...(folder === undefined ? [] : ["--dir", `${folder}::/`])],
            guestPath(guest),
            ...args,
          ]),
    };
  } catch {
    // Perhaps the package is there.
  }
  try {
    const ask = "from importlib.metadata import version; import wasmtime.component; print(version('wasmtime'))";
    const { stdout } = await runFile("python3", ["-c", ask]);
    const host = join(ROOT, "bench", "programs", "wasmtime_host.py");
    return {
      version: `wasmtime ${stdout.trim()}, by its Python package`,
      found:
        () =>
        (guest, args, folder = NO_FOLDER) =>
          Promise.resolve(["python3", host, folder, guestPath(guest), ...args]),
    };
  } catch {
    return { version: "neither the binary nor the Python package is installed" };
  }
}

async function compileLimit(): Promise<Found<LimitCommand>> {
  const binary = join(CACHE, "limit");
  try {
    await mkdir(CACHE, { recursive: true });
    await runFile("cc", ["-O2", "-o", binary, join(ROOT, "bench", "programs", "limit.c")]);
    const { stdout } = await runFile("cc", ["--version"]);
    return { version: stdout.split("\n")[0] ?? "cc", found: (args) => [binary, ...args] };
  } catch {
    return { version: "no C compiler (cc) is installed" };
  }
}

/** One measurement for each who is at hand, the reason for each who is not. */
export function forEach<T>(
  all: Readonly<Record<string, T | string>>,
  measurement: (one: T, name: string) => Measurement | string,
): Case["contestants"] {
  return Object.fromEntries(
    Object.entries(all).map(([name, one]) => [name, typeof one === "string" ? one : measurement(one, name)]),
  );
}

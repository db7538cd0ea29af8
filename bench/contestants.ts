/** Who runs the guests, and the loops without WebAssembly that show what the machine can do. */
import { execFile } from "node:child_process";
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { CACHE, guestPath, peerModule } from "./peer.ts";
import { OURS, type Case, type Measurement } from "./case.ts";
import { ROOT } from "./processes.ts";

const runFile = promisify(execFile);

/** The command line that runs a guest, with what it is given beyond its arguments. */
export type GuestCommand = (guest: string, args: readonly string[], given?: Given) => Promise<readonly string[]>;

export interface Given {
  /** What its root directory is. */
  readonly folder?: string;
  /** Whether it has sockets, and everybody to reach. */
  readonly network?: boolean;
}

/**
 * The command line of a loop without a guest: see programs/limit.c and programs/limit.ts, which take the same, as do
 * programs/peer.c and programs/sockets.ts.
 */
export type LimitCommand = (args: readonly string[]) => readonly string[];

export const SHIM = "preview2-shim";
export const WASMTIME = "Wasmtime";
export const NODE = "Node";
export const C = "C";

/** What the programs that run the others take for a folder where there is none. */
const NO_FOLDER = "";

/**
 * A program of ours that runs guests within its process, or does the like without one. What V8 compiled is not kept for the next: it
 * would start in 0.14 s of a processor in place of 0.24, but waiting instances take 90 KB each then in place of 40.
 */
export function program(name: string, ...args: readonly (string | number)[]): readonly string[] {
  return [process.execPath, "--expose-gc", join(ROOT, "bench", "programs", `${name}.ts`), ...args.map(String)];
}

const sluice: GuestCommand = (guest, args, given) =>
  Promise.resolve([
    process.execPath,
    join(ROOT, "bin", "sluice.js"),
    "run",
    ...options(given),
    guestPath(guest),
    ...args,
  ]);

/** As Sluice and Wasmtime both take them. */
function options({ folder, network = false }: Given = {}): readonly string[] {
  return [...(folder === undefined ? [] : ["--dir", `${folder}::/`]), ...(network ? ["-S", "inherit-network"] : [])];
}

/** Whose guests have the network in any case. */
const shim: GuestCommand = async (guest, args, { folder = NO_FOLDER } = {}) => [
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
  /** The same for sockets. */
  readonly socketLimits: Readonly<Record<string, LimitCommand | string>>;
  /** The other end of a socket. */
  readonly peer: LimitCommand | string;
  /** Wasmtime with nothing kept from an earlier run: its command keeps what it has compiled. */
  readonly wasmtimeAnew: GuestCommand | string;
  /** What `Wasmtime` and `C` are, for the record. */
  readonly versions: Readonly<Record<string, string>>;
}

export async function contestants(): Promise<Contestants> {
  const [wasmtime, c, peer] = await Promise.all([findWasmtime(), compileC("limit"), compileC("peer")]);
  return {
    guests: { [OURS]: sluice, [SHIM]: shim, [WASMTIME]: wasmtime.found?.() ?? wasmtime.version },
    wasmtimeAnew: wasmtime.found?.("-C", "cache=n") ?? wasmtime.version,
    limits: { [NODE]: (args) => program("limit", ...args), [C]: c.found ?? c.version },
    socketLimits: { [NODE]: (args) => program("sockets", ...args), [C]: peer.found ?? peer.version },
    peer: peer.found ?? peer.version,
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
async function findWasmtime(): Promise<Found<(...flags: readonly string[]) => GuestCommand>> {
  try {
    const { stdout } = await runFile("wasmtime", ["--version"]);
    return {
      version: stdout.trim(),
      found:
        (...flags) =>
        (guest, args, given) =>
          Promise.resolve(["wasmtime", "run", ...flags, ...options(given), guestPath(guest), ...args]),
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
        async (guest, args, { folder = NO_FOLDER, network = false } = {}) => {
          if (network) throw new Error("its Python package gives no network");
          return ["python3", host, folder, guestPath(guest), ...args];
        },
    };
  } catch {
    return { version: "neither the binary nor the Python package is installed" };
  }
}

async function compileC(name: "limit" | "peer"): Promise<Found<LimitCommand>> {
  const binary = join(CACHE, name);
  try {
    await mkdir(CACHE, { recursive: true });
    await runFile("cc", ["-O2", "-o", binary, join(ROOT, "bench", "programs", `${name}.c`)]);
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

/** The real command, as a process of its own. */
import { spawn, spawnSync, type ChildProcess, type StdioOptions } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import type { Readable } from "node:stream";
import { fileURLToPath } from "node:url";

export const ROOT: string = fileURLToPath(new URL("../../", import.meta.url));
export const BIN: string = join(ROOT, "bin", "sluice.js");
/** Ends a child that hangs; nothing is measured by it. */
const HUNG_MS = 300_000;

/** Why a test of Unix's own ways does not run here, or false. */
export const NOT_UNIX: string | false = process.platform === "win32" && "needs a Unix shell";

/** The path of a built guest. */
export function guest(name: string): string {
  return join(ROOT, "test", "guests", "built", `${name}.wasm`);
}

export interface Ended {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface How {
  readonly input?: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
  readonly stdio?: StdioOptions;
  /** Options of Node itself. */
  readonly node?: readonly string[];
}

/** Runs the command to its end. Its standard input is `input`, and nothing more. */
export async function sluice(args: readonly string[], how: How = {}): Promise<Ended> {
  const child = start(args, how);
  child.stdin?.end(how.input ?? "");
  return ended(child);
}

/** Starts the command. */
export function start(args: readonly string[], { node = [], ...how }: How = {}): ChildProcess {
  return startProcess(process.execPath, [...node, BIN, ...args], how);
}

/**
 * Runs a shell script, which may say `sluice`, and `$G/NAME.wasm` for a guest. Its output is read all the time; its
 * standard input is `input`, and nothing more.
 */
export async function shell(script: string, how: How = {}): Promise<Ended> {
  const child = startShell(script, how);
  child.stdin?.end(how.input ?? "");
  return ended(child);
}

export function startShell(script: string, how: How = {}): ChildProcess {
  const env = { NODE: process.execPath, BIN, G: join(ROOT, "test", "guests", "built"), ...how.env };
  return startProcess("sh", ["-c", `sluice() { "$NODE" "$BIN" "$@"; }\n${script}`], { ...how, env });
}

/** BSD's `script` has other options, and cannot say how its command ended. */
const scriptVersion = spawnSync("script", ["--version"], { encoding: "utf8" });
/** Why there is no pseudo-terminal, if there is none. */
export const NO_TERMINAL =
  !/util-linux/.test(scriptVersion.stdout ?? "") && "needs `script` of util-linux for a pseudo-terminal";

/** Runs a shell script whose three standard streams are a terminal. Its exit code is ours; what it shows is on stdout. */
export function onTerminal(script: string, how: How = {}): ChildProcess {
  const quoted = `sluice() { "$NODE" "$BIN" "$@"; }; ${script}`.replaceAll("'", `'\\''`);
  return startShell(`exec script -qec '${quoted}' /dev/null`, { ...how, env: { SHELL: "/bin/sh", ...how.env } });
}

/** Starts any program. */
export function startProcess(file: string, args: readonly string[], { env, cwd, stdio }: How): ChildProcess {
  const child = spawn(file, args, {
    env: environment(env),
    stdio: stdio ?? "pipe",
    ...(cwd === undefined ? {} : { cwd }),
    // A process group of its own, so that nothing is left of it when it hangs.
    detached: process.platform !== "win32",
  });
  const timer = setTimeout(() => {
    if (child.pid !== undefined) process.kill(process.platform === "win32" ? child.pid : -child.pid, "SIGKILL");
  }, HUNG_MS);
  child.on("close", () => clearTimeout(timer));
  return child;
}

function environment(env: How["env"]): NodeJS.ProcessEnv {
  return { ...process.env, ...env };
}

/** How a child ended, and all that it wrote. */
export async function ended(child: ChildProcess): Promise<Ended> {
  const exit = new Promise<[number | null, NodeJS.Signals | null]>((resolve, reject) => {
    child.on("error", reject);
    child.on("close", (code, signal) => resolve([code, signal]));
  });
  // A child that does not read its input is no failure of the test.
  child.stdin?.on("error", () => {});
  const [stdout, stderr, [code, signal]] = await Promise.all([all(child.stdout), all(child.stderr), exit]);
  return { code, signal, stdout, stderr };
}

async function all(stream: Readable | null): Promise<string> {
  return stream && !stream.readableEnded ? text(stream) : "";
}

/** Reads until `part` has come, and gives all that came. What follows can still be read. */
export async function until(stream: Readable | null, part: string): Promise<string> {
  if (!stream) throw new Error("There is no such stream");
  let seen = "";
  while (!seen.includes(part)) {
    const chunk: unknown = stream.read();
    if (Buffer.isBuffer(chunk)) seen += chunk.toString("latin1");
    else if (stream.readableEnded) throw new Error(`Ended before ${JSON.stringify(part)} came; there was: ${seen}`);
    // oxlint-disable-next-line no-await-in-loop -- one chunk after the other
    else await new Promise((resolve) => stream.once("readable", resolve).once("end", resolve));
  }
  return seen;
}

/** A new folder, gone when the test is over. */
export function folder(test: { after(fn: () => void): void }): string {
  const path = mkdtempSync(join(tmpdir(), "sluice-test-"));
  test.after(() => rmSync(path, { recursive: true, force: true }));
  return path;
}

/** Commands as children: what they say, how long they take, and a short reason when they fail. */
import { spawn } from "node:child_process";
import { fileURLToPath } from "node:url";

/** The folder of the package, in which `sluice` can be imported. */
export const ROOT: string = fileURLToPath(new URL("..", import.meta.url));

const TIMEOUT_MS = 15_000;

/** What a command said, and how long it took from start to end. */
export interface Said {
  readonly stdout: string;
  readonly stderr: string;
  readonly ms: number;
}

/** Where a command reads from and writes to, and how it may end. */
export interface How {
  /** A file; nothing if it is left out. */
  readonly stdin?: string;
  /** A file, or what `said.stdout` then is. */
  readonly stdout?: string;
  readonly timeoutMs?: number;
  readonly exitCodes?: readonly number[];
}

/** Runs one command. Nothing stands between it and us but a shell that opens its files and becomes it. */
export function runCommand(command: readonly string[], how: How = {}): Promise<Said> {
  return runShell(`exec ${shellWords(command)}${redirections(how)}`, how);
}

/**
 * Milliseconds of processor time that a command takes, in all its threads, and from its start to its end: of several runs, one
 * after the other, since bash counts whole milliseconds. What bash adds is a fork.
 */
export async function timesOf(
  command: readonly string[],
  { exitCodes = [0] }: How,
  runs: number,
): Promise<readonly [cpuMs: number, ms: number]> {
  const isRight = exitCodes.map((code) => `[ $code = ${code} ]`).join(" || ");
  const run = `${shellWords(command)} </dev/null >/dev/null || { code=$?; ${isRight} || exit $code; }`;
  const line = `LC_ALL=C; TIMEFORMAT='took %3U %3S %3R'; time for run in {1..${runs}}; do ${run}; done`;
  const { stderr } = await runShell(line, { timeoutMs: runs * TIMEOUT_MS }, "bash");
  const [, user, system, real] = /^took (\S+) (\S+) (\S+)$/m.exec(stderr) ?? [];
  if (real === undefined) throw new Error("bash does not say how long it took");
  return [((Number(user) + Number(system)) * 1000) / runs, (Number(real) * 1000) / runs];
}

/** Runs commands in a row, with the pipes that a shell makes; what Node makes for its children is a pair of sockets. */
export function runPipeline(commands: readonly (readonly string[])[], how: How = {}): Promise<Said> {
  const [first = [], ...others] = commands.map((command) => shellWords(command));
  const from = redirections({ stdin: how.stdin ?? "/dev/null" });
  const line = [`${String(first)}${from}`, ...others].join(" | ");
  return runShell(how.stdout === undefined ? line : `${line} >${shellWords([how.stdout])}`, how);
}

/**
 * Runs a command that says `port N` when it can be connected to, and meanwhile what `meets` does there. Its standard input
 * ends after that.
 */
export function runServer(
  command: readonly string[],
  meets: (port: number) => Promise<unknown>,
  how: How = {},
): Promise<Said> {
  return runShell(`exec ${shellWords(command)}`, how, "sh", meets);
}

function redirections({ stdin = "/dev/null", stdout }: How): string {
  return ` <${shellWords([stdin])}${stdout === undefined ? "" : ` >${shellWords([stdout])}`}`;
}

function shellWords(words: readonly string[]): string {
  return words.map((word) => `'${word.replaceAll("'", "'\\''")}'`).join(" ");
}

/** @throws {Error} With a reason that fits into a table. */
async function runShell(
  line: string,
  how: How,
  shell: "sh" | "bash" = "sh",
  meets?: (port: number) => Promise<unknown>,
): Promise<Said> {
  const { timeoutMs = TIMEOUT_MS, exitCodes = [0] } = how;
  const start = performance.now();
  // A group of its own, so that nothing outlives its time.
  const child = spawn(shell, ["-c", line], { cwd: ROOT, stdio: "pipe", detached: true });
  if (!meets) child.stdin.end();
  const said = { stdout: "", stderr: "" };
  let meeting: Promise<unknown> | undefined;
  let missed: { readonly cause: unknown } | undefined;
  child.stdout.on("data", (chunk: Buffer) => {
    said.stdout += chunk.toString();
    const port = /^port (\d+)$/m.exec(said.stdout)?.[1];
    if (!meets || meeting || port === undefined) return;
    meeting = meets(Number(port)).then(
      () => child.stdin.end(),
      (cause: unknown) => {
        missed = { cause };
        killGroup(child.pid);
      },
    );
  });
  child.stderr.on("data", (chunk: Buffer) => (said.stderr += chunk.toString()));
  let late = false;
  const timer = setTimeout(() => {
    late = true;
    killGroup(child.pid);
  }, timeoutMs);
  const code = await new Promise<number | null>((resolve, reject) => child.on("close", resolve).on("error", reject));
  clearTimeout(timer);
  const ms = performance.now() - start;
  await meeting;
  if (missed) throw missed.cause;
  if (late) throw new Error(`no end within ${timeoutMs / 1000} s`);
  if (code === null || !exitCodes.includes(code))
    throw new Error(reasonIn(said.stderr) ?? `ended with ${String(code)}`);
  return { ...said, ms };
}

function killGroup(pid: number | undefined): void {
  try {
    if (pid !== undefined) process.kill(-pid, "SIGKILL");
  } catch {
    // It has just ended by itself.
  }
}

/** The line that names an error, else the last. */
function reasonIn(stderr: string): string | undefined {
  const lines = stderr.split("\n").filter((line) => line.trim() !== "");
  const reason = lines.find((line) => /^\s*\w*(?:Error|failed|Trap)\b/.test(line)) ?? lines.at(-1);
  return reason?.trim().slice(0, 100);
}

/** The number after `name` on a line of what a program said. */
export function numberIn(said: string, name: string): number {
  const line = said.split("\n").find((each) => each.startsWith(`${name} `));
  const value = Number(line?.slice(name.length + 1));
  if (line === undefined || Number.isNaN(value)) throw new Error(line ?? reasonIn(said) ?? "said nothing");
  return value;
}

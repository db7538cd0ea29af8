/** What waiting, stalling and repeating cost in memory. Each sample is a process of its own. */
import { execFileSync, spawn } from "node:child_process";
import { closeSync, constants, mkdtempSync, openSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { OURS, type Case, type Measurement } from "../case.ts";
import { forEach, program, type Contestants } from "../contestants.ts";
import { Kept } from "../kept.ts";
import { MIB } from "../flow.ts";
import { numberIn, ROOT, runCommand } from "../processes.ts";

/** How long a writer is left alone with a reader that does not read. */
const STALL_MS = 2500;

export const INSTANCES = [1, 10, 100, 1000, 10_000] as const;

/** The core module of the same instances, with no host: what belongs to the guest, and to the engine. */
export const CORE = "core module";

/** Instances that wait, all at once, each with a world of its own: the 10,000 take their time. */
export function waiting(instances: number, line: string, unitSize: number): Measurement {
  return many("waiting", instances, line, unitSize);
}

function many(what: "waiting" | "cores", instances: number, line: string, unitSize: number): Measurement {
  return async () => {
    const said = await runCommand(program("memory", what, instances), { timeoutMs: 90_000 });
    return numberIn(said.stdout, line) / unitSize;
  };
}

function grown(line: string, ...args: (string | number)[]): Measurement {
  return async () => numberIn((await runCommand(program("memory", ...args))).stdout, line) / MIB;
}

/** MiB of the process, and of its heap. */
async function grownByRounds(rounds: number): Promise<readonly [number, number]> {
  const { stdout } = await runCommand(program("memory", "rounds", rounds));
  return [numberIn(stdout, "rss") / MIB, numberIn(stdout, "heap") / MIB];
}

export function memory({ guests }: Contestants): readonly Case[] {
  const kept = new Kept();
  const mib = { unit: "MiB", better: "less" } as const;
  return [
    ...[100, 1000, 10_000].map((instances): Case => ({
      id: `instances-${instances}`,
      what: `one of ${instances} waiting instances`,
      unit: "KiB",
      better: "less",
      rounds: instances === 10_000 ? 1 : 3,
      contestants: {
        [OURS]: many("waiting", instances, "rss", 1024),
        [CORE]: many("cores", instances, "rss", 1024),
      },
    })),
    {
      ...mib,
      id: "stalled",
      what: "growth for a writer of 1 GiB that is stalled, in a warm process",
      rounds: 5,
      contestants: { [OURS]: grown("rss", "stalled") },
    },
    {
      ...mib,
      id: "stalled-process",
      what: "peak of a process whose writer of 1 GiB is stalled, over that of one whose writer has 80 KiB",
      rounds: 2,
      contestants: forEach(guests, (command) => async () => {
        const peak = async (total: number): Promise<number> =>
          peakOf(await command("bench-write", ["permit", String(total), "65536"]));
        // More than a pipe takes, so that both are stalled.
        // What a process holds does not depend on another's.
        const [much, little] = await Promise.all([peak(1024 * MIB), peak(80 * 1024)]);
        return (much - little) / MIB;
      }),
    },
    {
      ...mib,
      id: "rounds",
      what: "growth after a million rounds of `subscribe`, `poll`, drop",
      rounds: 3,
      contestants: { [OURS]: kept.first("rounds", () => grownByRounds(1_000_000)) },
    },
    {
      ...mib,
      id: "rounds-heap",
      what: "the same, of the heap",
      rounds: 3,
      contestants: { [OURS]: kept.second("rounds") },
    },
  ];
}

/** The most bytes that a process had resident, when nobody has read its standard output for a while. */
async function peakOf(command: readonly string[]): Promise<number> {
  const folder = mkdtempSync(join(tmpdir(), "sluice-bench-"));
  const pipe = join(folder, "pipe");
  execFileSync("mkfifo", [pipe]);
  const reader = openSync(pipe, constants.O_RDONLY | constants.O_NONBLOCK);
  const writer = openSync(pipe, constants.O_WRONLY);
  const [file = "", ...args] = command;
  const child = spawn(file, args, { cwd: ROOT, stdio: ["ignore", writer, "ignore"] });
  const over = new Promise((resolve) => child.on("close", resolve));
  try {
    await sleep(STALL_MS);
    // Linux alone says so, and only of a process that lives.
    const peak = /^VmHWM:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${String(child.pid)}/status`, "utf8"));
    if (!peak) throw new Error("has ended");
    return Number(peak[1]) * 1024;
  } finally {
    child.kill("SIGKILL");
    await over;
    closeSync(writer);
    closeSync(reader);
    rmSync(folder, { recursive: true });
  }
}

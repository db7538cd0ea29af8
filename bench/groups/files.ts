/** Files through a guest's C library, against synchronous calls that do the same. By the clock of each, without its start. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Case } from "../case.ts";
import { forEach, type Contestants } from "../contestants.ts";
import { numberIn, runCommand } from "../processes.ts";

const ROUNDS = 3;
const MIB = "128";
const FILES = "2000";

const MEASURED = [
  { id: "write", what: `${MIB} MiB written in pieces of 64 KiB`, args: ["write", "/big", MIB], limit: "write-file" },
  { id: "read", what: `${MIB} MiB read in pieces of 64 KiB`, args: ["read", "/big", MIB], limit: "read-file" },
  {
    id: "small",
    what: `${FILES} files made, stat-ed, listed, removed`,
    args: ["small", "/", FILES],
    limit: "small-files",
  },
] as const;

/** All work in one folder: what the case of writing leaves, the case of reading reads. */
export function files({ guests, limits }: Contestants): readonly Case[] {
  const folder = mkdtempSync(join(tmpdir(), "sluice-bench-"));
  process.on("exit", () => rmSync(folder, { recursive: true, force: true }));
  return MEASURED.map(({ id, what, args, limit }) => ({
    id,
    what,
    unit: "ms",
    better: "less",
    rounds: ROUNDS,
    contestants: {
      ...forEach(guests, (command) => async () => msOf(await command("bench-files", args, { folder }))),
      ...forEach(limits, (command) => () => msOf(command([limit, join(folder, args[1]), args[2]]))),
    },
  }));
}

async function msOf(command: readonly string[]): Promise<number> {
  return numberIn((await runCommand(command)).stderr, "ns") / 1e6;
}

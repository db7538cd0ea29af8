/** From the start of a command to its end, for guests that have next to nothing to do. */
import { mkdtempSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { OURS, type Case, type Measurement } from "../case.ts";
import { program, SHIM, WASMTIME, type Contestants, type GuestCommand } from "../contestants.ts";
import { guestPath } from "../peer.ts";
import { runCommand, type How } from "../processes.ts";

/** Node, which does nothing. */
export const BARE = "node -e 0";

/** The Go program finds no folder to work in and ends at once, with 1. */
const GUESTS = [
  { id: "small", guest: "hello", how: {}, coldRounds: 5 },
  { id: "large", guest: "files-go", how: { exitCodes: [1] }, coldRounds: 3 },
] as const satisfies readonly { id: string; guest: string; how: How; coldRounds: number }[];

const CACHED_ROUNDS = 11;

export function startup({ guests }: Contestants): readonly Case[] {
  const { [OURS]: ours = "missing", [SHIM]: shim = "missing", [WASMTIME]: wasmtime = "missing" } = guests;
  const bare: Measurement = async () => (await runCommand([process.execPath, "-e", "0"])).ms;
  return GUESTS.flatMap(({ id, guest, how, coldRounds }): Case[] => {
    const size = `${(statSync(guestPath(guest)).size / 1e6).toPrecision(2)} MB`;
    const common = { unit: "ms", better: "less" } as const;
    return [
      {
        ...common,
        id: `cached-${id}`,
        what: `${guest}, ${size}, prepared before`,
        rounds: CACHED_ROUNDS,
        contestants: { [OURS]: msOf(ours, guest, how), [SHIM]: msOf(shim, guest, how), [BARE]: bare },
      },
      {
        ...common,
        id: `cold-${id}`,
        what: `${guest}, ${size}, for the first time`,
        rounds: coldRounds,
        contestants: {
          [OURS]: coldMsOf(ours, guest, how),
          [SHIM]: transpiledMsOf(shim, guest, how),
          [WASMTIME]: msOf(wasmtime, guest, how),
        },
      },
    ];
  });
}

function msOf(command: GuestCommand | string, guest: string, how: How): Measurement | string {
  if (typeof command === "string") return command;
  return async () => (await runCommand(await command(guest, []), how)).ms;
}

/** With a cache that is empty. */
function coldMsOf(command: GuestCommand | string, guest: string, how: How): Measurement | string {
  if (typeof command === "string") return command;
  return async () => {
    const cache = mkdtempSync(join(tmpdir(), "sluice-bench-"));
    try {
      return (await runCommand(["env", `SLUICE_CACHE_DIR=${cache}`, ...(await command(guest, []))], how)).ms;
    } finally {
      rmSync(cache, { recursive: true });
    }
  };
}

/** jco in one process, what it makes in the next. */
function transpiledMsOf(command: GuestCommand | string, guest: string, how: How): Measurement | string {
  const run = msOf(command, guest, how);
  if (typeof run === "string") return run;
  return async () => (await runCommand(program("transpile", guest))).ms + (await run());
}

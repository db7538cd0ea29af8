/** Bytes that a guest writes to standard output: to nobody, to a pipe, to a file. */
import { mkdtempSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Case, Measurement } from "../case.ts";
import { forEach, SHIM, type Contestants } from "../contestants.ts";
import { MIB, rateAtReader, rateAtWriter } from "../flow.ts";

const ROUNDS = 5;

/** How the guest bench-write writes. */
const MEASURED = [
  { id: "permit", what: "`check-write`, `write` of 64 KiB", size: 65_536, totalMib: 512, slowMib: 64 },
  { id: "flush", what: "`blocking-write-and-flush` of 4 KiB", size: 4096, totalMib: 512, slowMib: 32 },
] as const;

/** Where it writes to. */
const PLACES = {
  null: (command: readonly string[], total: number) => rateAtWriter(command, total, { stdout: "/dev/null" }),
  pipe: (command: readonly string[], total: number) => rateAtReader([command], total),
  file: rateToFile,
} as const;

export function throughput({ guests, limits }: Contestants): readonly Case[] {
  return MEASURED.flatMap(({ id, what, size, totalMib, slowMib }) =>
    Object.entries(PLACES).map(([place, rateOf]): Case => {
      const measurement = (command: readonly string[], total: number): Measurement => {
        return () => rateOf(command, total);
      };
      return {
        id: `${id}-${place}`,
        what: `${what}, to ${place === "null" ? "`/dev/null`" : `a ${place}`}`,
        unit: "MiB/s",
        better: "more",
        rounds: ROUNDS,
        contestants: {
          ...forEach(guests, (command, name) => async () => {
            const total = (name === SHIM ? slowMib : totalMib) * MIB;
            return measurement(await command("bench-write", [id, String(total), String(size)]), total)();
          }),
          ...forEach(limits, (command) =>
            measurement(command(["write", String(totalMib * MIB), String(size)]), totalMib * MIB),
          ),
        },
      };
    }),
  );
}

async function rateToFile(command: readonly string[], total: number): Promise<number> {
  const folder = mkdtempSync(join(tmpdir(), "sluice-bench-"));
  try {
    const file = join(folder, "written");
    const reached = await rateAtWriter(command, total, { stdout: file });
    const { size } = statSync(file);
    if (size !== total) throw new Error(`${size} of ${total} bytes are in the file`);
    return reached;
  } finally {
    rmSync(folder, { recursive: true });
  }
}

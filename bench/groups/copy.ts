/** `cat`: standard input to standard output, by read and write or by splice, from a file or a pipe to a pipe. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Case } from "../case.ts";
import { forEach, SHIM, type Contestants } from "../contestants.ts";
import { MIB, rateAtReader } from "../flow.ts";

const ROUNDS = 5;
const TOTAL = 256 * MIB;
/** For a host that is many times slower. */
const SLOW_TOTAL = 16 * MIB;
/** Splice is known to hang on preview2-shim. Nobody else takes a second. */
const TIMEOUT_MS = 4000;

const GUESTS = [
  { id: "loop", guest: "copy-loop", what: "`cat` by `read` and `write`" },
  { id: "splice", guest: "copy-splice", what: "`cat` by `blocking-splice`" },
] as const;

export function copy({ guests, limits }: Contestants): readonly Case[] {
  return GUESTS.flatMap(({ id, guest, what }) =>
    (["file", "pipe"] as const).map((from): Case => {
      const feed = from === "file" ? rateFromFile : rateFromPipe;
      return {
        id: `${id}-${from}`,
        what: `${what}, ${from} to pipe`,
        unit: "MiB/s",
        better: "more",
        rounds: ROUNDS,
        contestants: {
          ...forEach(guests, (command, name) => async () => {
            return feed(await command(guest, []), name === SHIM ? SLOW_TOTAL : TOTAL);
          }),
          ...forEach(limits, (command) => () => feed(command(["copy", "65536"]), TOTAL)),
        },
      };
    }),
  );
}

function rateFromPipe(command: readonly string[], total: number): Promise<number> {
  return rateAtReader([["head", "-c", String(total), "/dev/zero"], command], total, { timeoutMs: TIMEOUT_MS });
}

function rateFromFile(command: readonly string[], total: number): Promise<number> {
  return rateAtReader([command], total, { stdin: fileOf(total), timeoutMs: TIMEOUT_MS });
}

const inputs = new Map<number, string>();

/** A file that has just been written, so that reading it costs what memory costs, for everyone. */
function fileOf(bytes: number): string {
  let file = inputs.get(bytes);
  if (file === undefined) {
    const folder = mkdtempSync(join(tmpdir(), "sluice-bench-"));
    process.on("exit", () => rmSync(folder, { recursive: true, force: true }));
    file = join(folder, "read");
    writeFileSync(file, Buffer.alloc(bytes, "A"));
    inputs.set(bytes, file);
  }
  return file;
}

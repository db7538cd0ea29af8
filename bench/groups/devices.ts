/** The same calls as a whole process makes them, from /dev/zero to /dev/null, against all others. */
import { OURS, type Case } from "../case.ts";
import { forEach, type Contestants } from "../contestants.ts";
import { numberIn, runCommand, type How } from "../processes.ts";
import { bytes } from "../words.ts";

const ROUNDS = 3;
/** How long each sample is measured for; the first few calls of a slow host may take longer. */
const MS = "50";
const FILES: How = { stdin: "/dev/zero", stdout: "/dev/null" };

interface Measured {
  readonly id: string;
  readonly what: string;
  /** What programs/limit.* call the system's own, if it has such a call; Node has no `poll`. */
  readonly limit?: string;
}

const SIZES = [1, 64, 4096, 65_536];

const MEASURED: readonly Measured[] = [
  { id: "check-write", what: "`check-write`" },
  ...SIZES.map((size) => ({
    id: `check-and-write-${size}`,
    what: `\`check-write\` and \`write\` of ${bytes(size)}`,
    limit: `write-${size}`,
  })),
  { id: "blocking-write-and-flush-4096", what: "`blocking-write-and-flush` of 4096 bytes", limit: "write-4096" },
  ...SIZES.map((size) => ({ id: `read-${size}`, what: `\`read\` of ${bytes(size)}`, limit: `read-${size}` })),
  { id: "block-ready", what: "`block` on what is ready" },
  ...[1, 10, 100, 1000].map((count) => ({
    id: `poll-${count}`,
    what: `\`poll\` of ${count}, one is ready`,
    limit: `poll-${count}`,
  })),
  { id: "subscribe-and-drop", what: "`subscribe` and drop" },
];

export function devices({ guests, limits }: Contestants): readonly Case[] {
  return MEASURED.map(({ id, what, limit }) => ({
    id,
    what,
    unit: "ns",
    better: "less",
    rounds: ROUNDS,
    contestants: {
      ...forEach(guests, (command, name) => async () => {
        // Ours has code to warm up; a call of others may take a millisecond.
        const count = name === OURS ? "1000" : "8";
        return numberIn((await runCommand(await command("bench-calls", [id, count, MS]), FILES)).stderr, id);
      }),
      ...(limit !== undefined &&
        forEach(limits, (command, name) =>
          limit.startsWith("poll") && name === "Node"
            ? "has no poll"
            : async () => numberIn((await runCommand(command(["call", limit, MS]), FILES)).stderr, limit),
        )),
    },
  }));
}

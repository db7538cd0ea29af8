/** The same calls and the same bytes in other runtimes, by the same programs: what they cost Node beside them. */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { OURS, type Case, type Measurement } from "../case.ts";
import { program } from "../contestants.ts";
import { MIB, rate } from "../flow.ts";
import { numberIn, ROOT, runCommand } from "../processes.ts";

const ROUNDS = 3;
/** How long each sample of a call is measured for. */
const MS = "60";
const TOTAL = 64 * MIB;

/** How a program is run, by the name of the runtime; ours is Node. */
type Runtime = (name: string, ...args: readonly (string | number)[]) => readonly string[];

const RUNTIMES: Readonly<Record<string, Runtime | string>> = {
  [OURS]: program,
  "in Deno": installed("deno", "run", "--allow-all"),
  "in Bun": installed("bun", "run"),
};

function installed(command: string, ...options: readonly string[]): Runtime | string {
  const file = join(ROOT, "node_modules", ".bin", command);
  if (!existsSync(file)) return `no ${command}`;
  return (name, ...args) => [file, ...options, join("bench", "programs", `${name}.ts`), ...args.map(String)];
}

function everywhere(measurement: (runtime: Runtime) => Measurement): Case["contestants"] {
  return Object.fromEntries(
    Object.entries(RUNTIMES).map(([name, runtime]) => [
      name,
      typeof runtime === "string" ? runtime : measurement(runtime),
    ]),
  );
}

function nsOf(runtime: Runtime, host: string, what: string): Measurement {
  return async () => numberIn((await runCommand(runtime("calls", host, what, 1000, MS))).stdout, what);
}

const CALLS: readonly (readonly [what: string, host: string, about: string])[] = [
  ["check-write", "discard", "`check-write`"],
  ["check-and-write-64", "buffer", "`check-write` and `write` of 64 bytes"],
  ["write-and-blocking-flush-64", "discard", "`check-write`, `write` of 64 bytes and `blocking-flush`, to nobody"],
  ["read-4096", "discard", "`read` of 4096 bytes"],
  ["subscribe-and-drop", "discard", "`subscribe` and drop"],
  ["poll-100", "discard", "`poll` of 100, one is ready"],
];

const FLOWS: readonly (readonly [what: string, about: string])[] = [
  ["three", "three guests in a row, by `Pipe`"],
  ["web", "a Web stream through a guest and back"],
];

export function runtimes(): readonly Case[] {
  return [
    ...CALLS.map(([what, host, about]): Case => ({
      ...{ id: what, what: about, unit: "ns", better: "less", rounds: ROUNDS },
      contestants: everywhere((runtime) => nsOf(runtime, host, what)),
    })),
    {
      ...{
        id: "wait-turn",
        what: "a `blocking-read` that waits for a turn",
        unit: "ns",
        better: "less",
        rounds: ROUNDS,
      },
      contestants: everywhere((runtime) => async () => {
        const { stdout } = await runCommand(runtime("suspension", "guest", "turn", MS));
        return numberIn(stdout, "blocking-read-64");
      }),
    },
    ...FLOWS.map(([what, about]): Case => ({
      ...{ id: what, what: about, unit: "MiB/s", better: "more", rounds: ROUNDS },
      contestants: everywhere((runtime) => async () => {
        const { stdout } = await runCommand(runtime("flow", what, TOTAL));
        return rate(TOTAL, numberIn(stdout, "ns"));
      }),
    })),
  ];
}

/** Bytes from guest to guest, and from Web stream to Web stream. */
import { OURS, type Case, type Measurement } from "../case.ts";
import { forEach, program, SHIM, type Contestants, type GuestCommand } from "../contestants.ts";
import { MIB, rate, rateAtReader } from "../flow.ts";
import { numberIn, runCommand } from "../processes.ts";

const ROUNDS = 5;
const TOTAL = 256 * MIB;
/** For a host that is many times slower. */
const SLOW_TOTAL = 8 * MIB;

function within(what: string): Measurement {
  return async () => rate(TOTAL, numberIn((await runCommand(program("flow", what, TOTAL))).stdout, "ns"));
}

/** What stays within the process cannot be had of the others: there each guest has a process. */
function threeProcesses(command: GuestCommand, name: string): Measurement {
  const total = name === SHIM ? SLOW_TOTAL : TOTAL;
  return async () => {
    const writer = await command("bench-write", ["permit", String(total), "65536"]);
    const copier = await command("copy-loop", []);
    return rateAtReader([writer, copier, copier], total);
  };
}

export function flow({ guests }: Contestants): readonly Case[] {
  const common = { unit: "MiB/s", better: "more", rounds: ROUNDS } as const;
  const { [OURS]: ours, ...others } = guests;
  return [
    {
      ...common,
      id: "three",
      what: "three guests in a row, by `Pipe` in one process",
      contestants: {
        [OURS]: within("three"),
        ...forEach({ "Sluice, 3 processes": ours ?? "missing" }, threeProcesses),
        ...Object.fromEntries(
          Object.entries(forEach(others, threeProcesses)).map(([name, each]) => [`${name}, 3 processes`, each]),
        ),
        "4 copies in JS": within("copies"),
      },
    },
    {
      ...common,
      id: "web",
      what: "a Web stream through a guest and back",
      contestants: { [OURS]: within("web"), TransformStream: within("web-loop") },
    },
  ];
}

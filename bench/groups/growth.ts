/** How cost grows with the number of instances and of bytes; that of pollables is in calls and devices. */
import { OURS, type Case } from "../case.ts";
import { forEach, SHIM, type Contestants } from "../contestants.ts";
import { MIB, rateAtReader } from "../flow.ts";
import { INSTANCES, waiting } from "./memory.ts";

/** What is sent through a pipe, in MiB. */
export const AMOUNTS = [1, 8, 64, 512, 1024] as const;
/** What takes a slow host longer than we have. */
const SLOW_MOST_MIB = 64;

export function growth({ guests, limits }: Contestants): readonly Case[] {
  return [
    ...INSTANCES.map((instances): Case => ({
      id: `instances-${instances}`,
      what: `each of ${instances} instances, from its start over a wait to its end`,
      unit: "ms",
      better: "less",
      rounds: instances === 10_000 ? 1 : 3,
      contestants: { [OURS]: waiting(instances, "ns", 1e6) },
    })),
    ...AMOUNTS.map((mib): Case => {
      const rateOf = (command: readonly string[]): Promise<number> => rateAtReader([command], mib * MIB);
      const args = [String(mib * MIB), "65536"];
      return {
        id: `bytes-${mib}`,
        what: `\`check-write\`, \`write\` of 64 KiB to a pipe, ${mib} MiB in all`,
        unit: "MiB/s",
        better: "more",
        rounds: 3,
        contestants: {
          ...forEach(guests, (command, name) =>
            name === SHIM && mib > SLOW_MOST_MIB
              ? "would take too long"
              : async () => rateOf(await command("bench-write", ["permit", ...args])),
          ),
          ...forEach(limits, (command) => () => rateOf(command(["write", ...args]))),
        },
      };
    }),
  ];
}

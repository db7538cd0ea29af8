/** What a thread of its own costs a guest. */
import { OURS, type Case, type Measurement } from "../case.ts";
import { program } from "../contestants.ts";
import { MIB, rate } from "../flow.ts";
import { numberIn, runCommand } from "../processes.ts";

const ROUNDS = 3;
const MS = 100;
/** A thread takes some 80 ms to start. */
const START_MS = 500;
/** So much that the start of a thread, which is in it, does not count for much. */
const TOTAL = 1024 * MIB;
const SMALL_TOTAL = 16 * MIB;
/** Without a thread of its own. */
const PLAIN = "in the same thread";
/** As where WebAssembly cannot be suspended. */
const PARKED = "in one that blocks";

type Where = "thread" | "parked" | "none";

function nsOf(what: string, where: Where, amount: number): Measurement {
  return async () => numberIn((await runCommand(program("isolate", what, where, amount))).stdout, "ns");
}

export function isolate(): readonly Case[] {
  const all = (measure: (where: Where) => Measurement): Case["contestants"] => ({
    [OURS]: measure("thread"),
    [PLAIN]: measure("none"),
    [PARKED]: measure("parked"),
  });
  const rateOf = (what: string, total: number) =>
    all((where) => async () => rate(total, await nsOf(what, where, total)()));
  return [
    {
      ...{
        id: "start",
        what: "hello, compiled, from its start to its end",
        unit: "ms",
        better: "less",
        rounds: ROUNDS,
      },
      contestants: all((where) => async () => (await nsOf("start", where, START_MS)()) / 1e6),
    },
    {
      ...{ id: "add", what: "an export `(u32, u32) -> u32`, awaited", unit: "ns", better: "less", rounds: ROUNDS },
      contestants: all((where) => nsOf("add", where, MS)),
    },
    {
      ...{
        id: "permit",
        what: "`check-write`, `write` of 64 KiB, to a function",
        unit: "MiB/s",
        better: "more",
        rounds: ROUNDS,
      },
      contestants: rateOf("permit", TOTAL),
    },
    {
      ...{
        id: "flush",
        what: "`blocking-write-and-flush` of 4 KiB, to a function",
        unit: "MiB/s",
        better: "more",
        rounds: ROUNDS,
      },
      contestants: rateOf("flush", SMALL_TOTAL),
    },
  ];
}

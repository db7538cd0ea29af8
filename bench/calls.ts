/** What one call costs, seen from the guest, when it need not wait. */
import { readFile } from "node:fs/promises";
import { compile, DiscardSink, PullSource, run } from "sluice";
import { guestPath } from "./guests.ts";
import { spreadOf, type Row } from "./table.ts";

const ROUNDS = 5;

/** What the guest measures, how often it calls, and what we want. */
const MEASURED: readonly [what: string, count: number, target?: string][] = [
  ["check-write", 5_000_000, "20 ns or less"],
  ["ready", 5_000_000],
  ["block-ready", 5_000_000],
  ["poll-1", 3_000_000, "40 ns or less"],
  ["poll-10", 300_000],
  ["poll-100", 30_000],
  ["subscribe-and-drop", 1_000_000],
  ["check-and-write-1", 1_000_000],
  ["check-and-write-64", 1_000_000],
  ["check-and-write-4096", 1_000_000],
  ["read-1", 1_000_000],
  ["read-64", 1_000_000],
  ["read-4096", 300_000],
  ["blocking-write-and-flush-0", 1_000_000],
  ["blocking-write-and-flush-4096", 1_000_000],
];

export async function calls(): Promise<Row[]> {
  const component = await compile(await readFile(guestPath("bench-calls")));
  const zeroes = new Uint8Array(64 * 1024);
  const samples = new Map<string, number[]>();
  for (let round = 0; round < ROUNDS; round++) {
    for (const [what, count] of MEASURED) {
      let report = "";
      await run(component, {
        args: ["bench-calls", what, String(count)],
        stdin: new PullSource(() => zeroes),
        stdout: new DiscardSink(),
        stderr: (chunk) => {
          report += Buffer.from(chunk).toString();
        },
      });
      const ns = Number(/ (\d+)/.exec(report)?.[1]);
      samples.set(what, [...(samples.get(what) ?? []), ns]);
    }
  }
  return MEASURED.map(([what, , target]) => ({
    what,
    ours: spreadOf(samples.get(what) ?? []),
    unit: "ns",
    ...(target !== undefined && { target }),
  }));
}

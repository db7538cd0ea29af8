/**
 * `npm run bench [NAME...]`: what calls cost, and how bytes flow, as ratios to a peer that is measured in the same run.
 * Rounds are interleaved, and medians are given with their spread, since machines are noisy.
 */
import { calls } from "./calls.ts";
import { files } from "./files.ts";
import { memory } from "./memory.ts";
import { startup } from "./startup.ts";
import type { Row } from "./table.ts";
import { printTable } from "./table.ts";
import { throughput } from "./throughput.ts";

const groups: Record<string, () => Promise<Row[]>> = { calls, throughput, files, startup, memory };

const wanted = process.argv.slice(2);
const unknown = wanted.filter((name) => !(name in groups));
if (unknown.length > 0) {
  console.error(`Unknown benchmark ${unknown.join(", ")}: expected some of ${Object.keys(groups).join(", ")}`);
  process.exitCode = 1;
} else {
  console.log(`Node ${process.version}, ${process.platform} ${process.arch}\n`);
  for (const [name, measure] of Object.entries(groups)) {
    if (wanted.length > 0 && !wanted.includes(name)) continue;
    printTable(name, await measure());
  }
}

/**
 * `npm run bench` measures everything, in some ten minutes, and writes docs/benchmarks. `npm run bench -- NAME...`
 * measures some groups, and only prints. BENCH_ROUNDS=1 in the environment is for those who change the benchmarks.
 */
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { measure, type Case, type Row } from "./case.ts";
import { charts } from "./charts.ts";
import { contestants, type Contestants } from "./contestants.ts";
import { async } from "./groups/async.ts";
import { browser } from "./groups/browser.ts";
import { calls } from "./groups/calls.ts";
import { copy } from "./groups/copy.ts";
import { devices } from "./groups/devices.ts";
import { files } from "./groups/files.ts";
import { flow } from "./groups/flow.ts";
import { growth } from "./groups/growth.ts";
import { http } from "./groups/http.ts";
import { isolate } from "./groups/isolate.ts";
import { loader } from "./groups/loader.ts";
import { memory } from "./groups/memory.ts";
import { nats } from "./groups/nats.ts";
import { page as pages } from "./groups/page.ts";
import { runtimes } from "./groups/runtimes.ts";
import { sockets } from "./groups/sockets.ts";
import { startup } from "./groups/startup.ts";
import { throughput } from "./groups/throughput.ts";
import { machine } from "./machine.ts";
import { ROOT } from "./processes.ts";
import { groupTable, page, verdictTable, type Group } from "./report.ts";
import { verdicts } from "./targets.ts";

const GROUPS: Readonly<Record<string, readonly [about: string, cases: (all: Contestants) => readonly Case[]]>> = {
  calls: ["Calls within a process, on streams in memory.", calls],
  devices: ["The same as whole processes make them, from `/dev/zero` to `/dev/null`.", devices],
  throughput: ["A guest that writes to standard output.", throughput],
  copy: ["A guest that copies standard input to standard output.", copy],
  flow: ["From guest to guest, and through Web streams.", flow],
  files: ["Files, through the guest's C library.", files],
  sockets: ["A guest and a program in C at the two ends of a connection of this machine.", sockets],
  http: ["A guest that answers HTTP.", http],
  loader: ["Exports, components that call each other, and instances.", loader],
  async: ["Streams and calls of WASI 0.3.", async],
  startup: ["From the start of a command to its end.", startup],
  isolate: ["A guest in a thread of its own, whose streams are in this one.", isolate],
  memory: ["What waiting, stalling and repeating cost.", memory],
  page: ["What a page loads, minified and by gzip.", pages],
  browser: ["In a page of Chromium, and beside that in one of Firefox and in Node.", browser],
  runtimes: ["The same in other runtimes, beside Node.", runtimes],
  nats: ["Streams and jobs on NATS JetStream, on this machine.", nats],
  growth: ["How cost grows with the number of instances and of bytes.", growth],
};

const MOST_ROUNDS = Number(process.env["BENCH_ROUNDS"] ?? Number.POSITIVE_INFINITY);

const wanted = process.argv.slice(2);
const unknown = wanted.filter((name) => !(name in GROUPS));
if (unknown.length > 0) {
  console.error(`Unknown benchmark ${unknown.join(", ")}: expected some of ${Object.keys(GROUPS).join(", ")}`);
  process.exitCode = 1;
} else {
  await bench(wanted);
}

async function bench(names: readonly string[]): Promise<void> {
  const start = performance.now();
  const all = await contestants();
  const about = await machine(all);
  for (const [key, value] of Object.entries(about)) console.log(`${key}: ${value}`);
  const groups: Group[] = [];
  for (const [name, [what, cases]] of Object.entries(GROUPS)) {
    if (names.length > 0 && !names.includes(name)) continue;
    const begun = performance.now();
    const rows: Row[] = [];
    for (const each of cases(all)) rows.push(await measure({ ...each, rounds: Math.min(each.rounds, MOST_ROUNDS) }));
    const group = { name, about: what, rows };
    console.log(`\n## ${name}\n\n${groupTable(group)}\nIn ${((performance.now() - begun) / 1000).toFixed(0)} s\n`);
    groups.push(group);
  }
  const rows = new Map(groups.flatMap(({ name, rows: own }) => own.map((row) => [`${name}/${row.id}`, row] as const)));
  const judged = verdicts(rows);
  if (judged.length > 0) console.log(`## Targets\n\n${verdictTable(judged)}`);
  if (names.length === 0) await publish(page(about, groups, judged), charts(rows));
  console.log(`In ${((performance.now() - start) / 60_000).toFixed(1)} minutes`);
}

async function publish(text: string, drawn: ReadonlyMap<string, string>): Promise<void> {
  const folder = join(ROOT, "docs", "benchmarks");
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, "results.md"), text);
  for (const [name, svg] of drawn) await writeFile(join(folder, name), svg);
}

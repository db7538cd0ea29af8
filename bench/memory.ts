/** What one instance costs that waits on its standard input, among many. Measured in a process of its own. */
import { spawn } from "node:child_process";
import { guestPath } from "./guests.ts";
import { spreadOf, type Row } from "./table.ts";

const PROGRAM = `
  import { readFile } from "node:fs/promises";
  import { compile, PullSource, run } from "sluice";
  const [path, count] = process.argv.slice(1);
  const component = await compile(await readFile(path));
  const release = [];
  const before = process.memoryUsage().rss;
  const runs = [];
  for (let index = 0; index < Number(count); index++) {
    runs.push(run(component, { stdin: new PullSource(() => new Promise((resolve) => release.push(resolve))) }));
  }
  while (release.length < Number(count)) await new Promise(setImmediate);
  globalThis.gc();
  console.log((process.memoryUsage().rss - before) / Number(count) / 1024);
  for (const give of release) give(null);
  const results = await Promise.all(runs);
  if (!results.every(({ exitCode }) => exitCode === 0)) process.exitCode = 1;`;

async function kibibytesOf(instances: number): Promise<number> {
  const child = spawn(
    process.execPath,
    ["--expose-gc", "--input-type=module", "-e", PROGRAM, guestPath("wait"), String(instances)],
    { stdio: ["ignore", "pipe", "inherit"], cwd: new URL("..", import.meta.url) },
  );
  let report = "";
  child.stdout.on("data", (chunk: Buffer) => (report += chunk.toString()));
  const code = await new Promise((resolve) => child.on("close", resolve));
  if (code !== 0) throw new Error(`${instances} instances ended with ${String(code)}`);
  return Number(report);
}

export async function memory(): Promise<Row[]> {
  const rows: Row[] = [];
  for (const instances of [100, 1000, 10_000]) {
    const rounds = instances === 10_000 ? 1 : 3;
    const samples: number[] = [];
    for (let round = 0; round < rounds; round++) {
      samples.push(await kibibytesOf(instances));
    }
    rows.push({ what: `one of ${instances} waiting instances`, ours: spreadOf(samples), unit: "KiB" });
  }
  return rows;
}

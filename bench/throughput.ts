/** Bytes through standard output to a pipe, against a loop of Node's blocking `fs.writeSync` with the same sizes. */
import { spawn } from "node:child_process";
import { command, guestPath } from "./guests.ts";
import { spreadOf, type Row } from "./table.ts";

const ROUNDS = 7;
const MIB = 1024 * 1024;

const NODE_LOOP = `
  const fs = require("node:fs");
  const [total, size] = process.argv.slice(1).map(Number);
  const bytes = Buffer.alloc(size, 65);
  for (let at = 0; at < total; at += size) {
    for (let from = 0; from < size;) from += fs.writeSync(1, bytes, from, size - from);
  }`;

/** Seconds from the first byte that arrives to the last, so that starting a process does not count. */
async function secondsOf(args: readonly string[], expectedBytes: number): Promise<number> {
  // A shell makes a pipe; what Node makes for its children is a pair of sockets.
  const pipeline = spawn("sh", ["-c", '"$0" "$@" 2>/dev/null | "$0" -e "$READER"', process.execPath, ...args], {
    stdio: ["ignore", "pipe", "inherit"],
    env: { ...process.env, READER },
  });
  let report = "";
  pipeline.stdout.on("data", (chunk: Buffer) => (report += chunk.toString()));
  await new Promise((resolve) => pipeline.on("close", resolve));
  const [bytes, seconds] = report.split(" ").map(Number);
  if (bytes !== expectedBytes || seconds === undefined) throw new Error(`${args.join(" ")}: ${report || "no report"}`);
  return seconds;
}

const READER = `
  const fs = require("node:fs");
  const buffer = Buffer.alloc(1 << 20);
  let bytes = 0, start;
  for (let count; (count = fs.readSync(0, buffer)) > 0; bytes += count) start ??= performance.now();
  console.log(bytes, (performance.now() - start) / 1000);`;

const MEASURED = [
  { what: "check-write, write of 64 KiB", guest: "writer", total: 1024 * MIB, size: 64 * 1024 },
  { what: "blocking-write-and-flush of 4 KiB", guest: "writer-bwf", total: 256 * MIB, size: 4096 },
];

export async function throughput(): Promise<Row[]> {
  const rows: Row[] = [];
  for (const { what, guest, total, size } of MEASURED) {
    const [ours, peers]: [number[], number[]] = [[], []];
    for (let round = 0; round < ROUNDS; round++) {
      const sizes = [String(total), String(size)];
      const seconds = await secondsOf([command, "run", guestPath(guest), ...sizes], total);
      const peerSeconds = await secondsOf(["-e", NODE_LOOP, ...sizes], total);
      ours.push(total / MIB / seconds);
      peers.push(total / MIB / peerSeconds);
    }
    rows.push({
      what: `${what} to a pipe`,
      ours: spreadOf(ours),
      peer: { name: "fs.writeSync", spread: spreadOf(peers) },
      unit: "MiB/s",
    });
  }
  return rows;
}

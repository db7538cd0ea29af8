/** Files through a guest's C library, against Node's synchronous calls that do the same. Whole processes, start included. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { command, guestPath, millisecondsOf } from "./guests.ts";
import { peerModule } from "./peer.ts";
import { spreadOf, type Row } from "./table.ts";

const ROUNDS = 5;
const MIB = 256;
const FILES = 10_000;

/** What the guest bench-files does, for Node: the work, a path, and how much. */
const NODE_LOOP = `
  const fs = require("node:fs");
  const [what, path, amount] = process.argv.slice(1);
  const piece = Buffer.alloc(65536);
  if (what === "write") {
    const file = fs.openSync(path, "w");
    for (let left = amount * 16; left > 0; left--) fs.writeSync(file, piece);
    fs.closeSync(file);
  }
  if (what === "read") {
    const file = fs.openSync(path, "r");
    while (fs.readSync(file, piece) > 0);
    fs.closeSync(file);
  }
  if (what === "small") {
    for (let i = 0; i < amount; i++) {
      const name = path + "/file-" + i;
      const file = fs.openSync(name, "wx");
      fs.writeSync(file, name);
      fs.closeSync(file);
      fs.statSync(name);
    }
    fs.readdirSync(path);
    for (let i = 0; i < amount; i++) fs.unlinkSync(path + "/file-" + i);
  }`;

async function secondsOf(args: readonly string[]): Promise<number> {
  return (await millisecondsOf(args)) / 1000;
}

const MEASURED = [
  { what: `${MIB} MiB written in pieces of 64 KiB`, args: ["write", "/big", String(MIB)] },
  { what: `${MIB} MiB read in pieces of 64 KiB`, args: ["read", "/big", String(MIB)] },
  { what: `${FILES} files made, stat-ed, listed, removed`, args: ["small", "/", String(FILES)] },
] as const;

export async function files(): Promise<Row[]> {
  const folder = mkdtempSync(join(tmpdir(), "sluice-bench-"));
  try {
    const shim = await peerModule("bench-files");
    const rows: Row[] = [];
    for (const { what, args } of MEASURED) {
      const [work, path, amount] = args;
      const [ours, node, peer]: [number[], number[], number[]] = [[], [], []];
      for (let round = 0; round < ROUNDS; round++) {
        ours.push(await secondsOf([command, "run", "--dir", `${folder}::/`, guestPath("bench-files"), ...args]));
        node.push(await secondsOf(["-e", NODE_LOOP, work, join(folder, path), amount]));
        peer.push(await secondsOf([shim, folder, "bench-files", ...args]));
      }
      for (const [name, samples] of [
        ["node:fs, synchronous", node],
        ["preview2-shim", peer],
      ] as const) {
        rows.push({ what, ours: spreadOf(ours), peer: { name, spread: spreadOf(samples) }, unit: "s" });
      }
    }
    return rows;
  } finally {
    rmSync(folder, { recursive: true });
  }
}

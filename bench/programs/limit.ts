/** What Node can do, without WebAssembly: the same as limit.c, whose head says what, by synchronous calls of node:fs. */
import { closeSync, openSync, readdirSync, readSync, statSync, unlinkSync, writeSync } from "node:fs";
import { nsPerStep } from "./timing.ts";

const PIECE = 65_536;

const [what = "", subject = "", amount = "0"] = process.argv.slice(2);
const start = process.hrtime.bigint();

function writeAll(fd: number, bytes: Uint8Array): void {
  for (let from = 0; from < bytes.length;) from += writeSync(fd, bytes, from);
}

async function call(name: string, leastMs: number): Promise<void> {
  const [kind, size] = name.split("-");
  const bytes = Buffer.alloc(Number(size));
  const once = kind === "write" ? () => writeSync(1, bytes) : () => readSync(0, bytes);
  const ns = await nsPerStep(leastMs, (count) => {
    for (let left = count; left > 0; left--) once();
  });
  console.error(`${name} ${ns.toFixed(1)}`);
}

function write(total: number, size: number): void {
  const bytes = Buffer.alloc(size, "A");
  for (let left = total; left > 0; left -= size) writeAll(1, left < size ? bytes.subarray(0, left) : bytes);
}

function copy(size: number): void {
  const bytes = Buffer.alloc(size);
  for (let count; (count = readSync(0, bytes)) > 0;) writeAll(1, bytes.subarray(0, count));
}

function writeFile(path: string, mib: number): void {
  const piece = Buffer.alloc(PIECE);
  const file = openSync(path, "w");
  for (let left = mib * 16; left > 0; left--) writeAll(file, piece);
  closeSync(file);
}

function readFile(path: string): void {
  const piece = Buffer.alloc(PIECE);
  const file = openSync(path, "r");
  while (readSync(file, piece) > 0);
  closeSync(file);
}

function smallFiles(folder: string, count: number): void {
  for (let index = 0; index < count; index++) {
    const path = `${folder}/file-${index}`;
    const file = openSync(path, "wx");
    writeSync(file, path);
    closeSync(file);
    statSync(path);
  }
  readdirSync(folder);
  for (let index = 0; index < count; index++) unlinkSync(`${folder}/file-${index}`);
}

if (what === "call") {
  await call(subject, Number(amount));
} else {
  if (what === "write") write(Number(subject), Number(amount));
  else if (what === "copy") copy(Number(subject));
  else if (what === "write-file") writeFile(subject, Number(amount));
  else if (what === "read-file") readFile(subject);
  else if (what === "small-files") smallFiles(subject, Number(amount));
  else throw new Error(`limit.ts does not know ${what}`);
  console.error(`ns ${process.hrtime.bigint() - start}`);
}

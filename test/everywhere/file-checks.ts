/** The guests that work on files, on files in memory. */
import type { Options } from "../../src/browser.ts";
import type { OpenDirectory } from "../../src/wasi/filesystem/files.ts";
import { MemoryFiles, type MemoryEntry } from "../../src/wasi/filesystem/memory-files.ts";
import type { Entry, FilesystemClaim } from "../guests/claims/claim.ts";
import { filesystemClaims } from "../guests/claims/files.ts";
import { departures } from "../guests/departures.ts";
import { holds, same, textOf, type Check, type Host } from "./check.ts";

function entryOf(entry: Exclude<Entry, { kind: "hard-link" }>): MemoryEntry {
  if (entry.kind === "file") return entry.text;
  return entry.kind === "link" ? { link: entry.target } : { directory: true };
}

/** The directory that a path is in, and its last name. */
async function placeOf(root: OpenDirectory, path: string): Promise<readonly [OpenDirectory, string]> {
  const names = path.split("/").filter(Boolean);
  const last = names.pop() ?? "";
  let directory = root;
  // oxlint-disable-next-line no-await-in-loop -- one is in the other
  for (const name of names) directory = await directory.openDirectoryAt(name);
  return [directory, last];
}

async function filesOf(claim: FilesystemClaim, later: boolean): Promise<MemoryFiles> {
  const tree: Record<string, MemoryEntry> = {};
  for (const path of Object.keys(claim.directories)) tree[path.slice(1)] = { directory: true };
  for (const entry of claim.before ?? []) {
    if (entry.kind !== "hard-link") tree[entry.path.slice(1)] = entryOf(entry);
  }
  const files = MemoryFiles.from(tree, { later });
  for (const entry of claim.before ?? []) {
    if (entry.kind !== "hard-link") continue;
    // oxlint-disable-next-line no-await-in-loop -- in turn
    const [from, name] = await placeOf(files.root(), entry.of);
    // oxlint-disable-next-line no-await-in-loop -- in turn
    const [to, toName] = await placeOf(files.root(), entry.path);
    // oxlint-disable-next-line no-await-in-loop -- in turn
    await from.linkAt(name, to, toName);
  }
  return files;
}

async function checkEntry(files: MemoryFiles, entry: Entry): Promise<void> {
  if (entry.kind === "hard-link") {
    const [one, oneName] = await placeOf(files.root(), entry.path);
    const [other, otherName] = await placeOf(files.root(), entry.of);
    const [stat, otherStat] = [await one.statAt(oneName), await other.statAt(otherName)];
    same(`identity of ${entry.path}`, String(stat.inode), String(otherStat.inode));
    return;
  }
  const found = files.toTree().get(entry.path.slice(1));
  same(entry.path, found instanceof Uint8Array ? textOf([found]) : found, entryOf(entry));
}

/** What files in memory can do that those of Wasmtime's system cannot. */
const IN_MEMORY: readonly (readonly [theirs: string, ours: string])[] = [
  ["set-times to the largest `file`: overflow", "set-times to the largest `file`: ok"],
];

/** What Wasmtime lets the guest print, but for what we do otherwise. */
async function expectedOutput(claim: FilesystemClaim, { file }: Host): Promise<string | undefined> {
  if (typeof claim.stdout !== "object") return claim.stdout;
  const reference = textOf([await file(`src/claims/${claim.stdout.file}`)]);
  const lines = departures.filter(({ guest }) => guest === claim.name).flatMap((departure) => departure.lines);
  const ours = new Map([...lines, ...IN_MEMORY]);
  return reference
    .split("\n")
    .map((line) => ours.get(line) ?? line)
    .join("\n");
}

async function play(claim: FilesystemClaim, later: boolean, host: Host): Promise<void> {
  const files = await filesOf(claim, later);
  const preopens: Record<string, NonNullable<Options["preopens"]>[string]> = {};
  for (const [name, mode] of Object.entries(claim.directories)) {
    // oxlint-disable-next-line no-await-in-loop -- in turn
    const directory = await files.root().openDirectoryAt(name.slice(1));
    preopens[name] = mode === "ro" ? { directory, readOnly: true } : directory;
  }
  const [out, err]: [Uint8Array[], Uint8Array[]] = [[], []];
  const outcome = await host
    .run(await host.compile(await host.file(`built/${claim.name}.wasm`)), {
      args: claim.args ?? [claim.name],
      preopens,
      stdout: (chunk) => void out.push(chunk.slice()),
      stderr: (chunk) => void err.push(chunk.slice()),
      ...(claim.limits && { limits: claim.limits }),
    })
    .then(
      ({ exitCode }) => `exit ${exitCode}`,
      (error: unknown) => `trap ${String(error)}`,
    );
  const said = textOf(err);
  if ("exit" in claim.expect) same("outcome", outcome, `exit ${claim.expect.exit}`, said);
  else holds(outcome.startsWith("trap ") && outcome.includes(claim.expect.trap), outcome);
  const expected = await expectedOutput(claim, host);
  if (expected !== undefined) sameLines(textOf(out), expected);
  if (claim.stderrText !== undefined) same("stderr", said, claim.stderrText);
  // oxlint-disable-next-line no-await-in-loop -- in turn
  for (const entry of claim.after ?? []) await checkEntry(files, entry);
}

/** Says which lines differ. */
function sameLines(actual: string, expected: string): void {
  const [is, shall] = [actual.split("\n"), expected.split("\n")];
  const wrong = is.flatMap((line, index) => (line === shall[index] ? [] : [`${line}, expected ${shall[index]}`]));
  holds(wrong.length === 0, wrong.slice(0, 20).join("\n"));
  same("number of lines", is.length, shall.length);
}

export const fileChecks: readonly Check[] = filesystemClaims.flatMap((claim) =>
  [false, true].map((later) => ({
    title: `${claim.name}: ${claim.claim} (in memory, ${later ? "later" : "at once"})`,
    play: (host: Host) => play(claim, later, host),
  })),
);

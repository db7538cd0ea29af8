/** The guests that work on files, each in a directory of its own, on calls that block and on calls that wait. */
import assert from "node:assert/strict";
import { link, lstat, mkdir, mkdtemp, readFile, readlink, rm, stat, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { test } from "node:test";
import { compile, run, type Directory, type PreopenOption } from "../../src/index.ts";
import type { Entry, FilesystemClaim } from "./claims/claim.ts";
import { filesystemClaims } from "./claims/files.ts";
import { departures } from "./departures.ts";

async function make(root: string, entry: Entry): Promise<void> {
  const path = join(root, entry.path);
  await mkdir(dirname(path), { recursive: true });
  if (entry.kind === "file") await writeFile(path, entry.text);
  else if (entry.kind === "directory") await mkdir(path, { recursive: true });
  else if (entry.kind === "link") await symlink(entry.target, path);
  else await link(join(root, entry.of), path);
}

async function check(root: string, entry: Entry): Promise<void> {
  const path = join(root, entry.path);
  if (entry.kind === "file") assert.equal(await readFile(path, "utf8"), entry.text);
  else if (entry.kind === "directory") assert.ok((await lstat(path)).isDirectory());
  else if (entry.kind === "link") assert.equal(await readlink(path), entry.target);
  else assert.equal((await stat(path)).ino, (await stat(join(root, entry.of))).ino);
}

async function preopensOf(root: string, claim: FilesystemClaim): Promise<Record<string, PreopenOption<Directory>>> {
  const preopens: Record<string, PreopenOption<Directory>> = {};
  for (const [name, mode] of Object.entries(claim.directories)) {
    const directory = join(root, name);
    await mkdir(directory, { recursive: true });
    preopens[name] = mode === "ro" ? { directory, readOnly: true } : directory;
  }
  return preopens;
}

/** What Wasmtime lets the guest print, but for what we do otherwise. */
async function expectedOutput(claim: FilesystemClaim): Promise<string | undefined> {
  if (typeof claim.stdout !== "object") return claim.stdout;
  const reference = await readFile(new URL(`src/claims/${claim.stdout.file}`, import.meta.url), "utf8");
  const ours = new Map(departures.filter(({ guest }) => guest === claim.name).flatMap(({ lines }) => lines));
  return reference
    .split("\n")
    .map((line) => ours.get(line) ?? line)
    .join("\n");
}

async function play(claim: FilesystemClaim, blockingFiles: boolean): Promise<void> {
  const root = await mkdtemp(join(tmpdir(), "sluice-files-"));
  try {
    const preopens = await preopensOf(root, claim);
    for (const entry of claim.before ?? []) await make(root, entry);
    const [out, err]: [Uint8Array[], Uint8Array[]] = [[], []];
    const component = await compile(await readFile(new URL(`built/${claim.name}.wasm`, import.meta.url)));
    const outcome = await run(component, {
      args: claim.args ?? [claim.name],
      preopens,
      blockingFiles,
      stdout: (chunk) => void out.push(chunk),
      stderr: (chunk) => void err.push(chunk),
      ...(claim.limits && { limits: claim.limits }),
    }).then(
      ({ exitCode }) => `exit ${exitCode}`,
      (error: unknown) => `trap ${String(error)}`,
    );
    const said = Buffer.concat(err).toString();
    if ("exit" in claim.expect) assert.equal(outcome, `exit ${claim.expect.exit}`, said);
    else assert.ok(outcome.startsWith("trap ") && outcome.includes(claim.expect.trap), outcome);
    const expected = await expectedOutput(claim);
    if (expected !== undefined) assert.equal(Buffer.concat(out).toString(), expected);
    if (claim.stderrText !== undefined) assert.equal(said, claim.stderrText);
    for (const entry of claim.after ?? []) await check(root, entry);
  } finally {
    await rm(root, { recursive: true });
  }
}

for (const claim of filesystemClaims) {
  for (const blockingFiles of [true, false]) {
    const title = `${claim.name}: ${claim.claim} ${blockingFiles ? "(blocking)" : "(waiting)"}`;
    test(title, { timeout: 300_000 }, () => play(claim, blockingFiles));
  }
}

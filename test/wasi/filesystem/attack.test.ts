/**
 * Somebody outside swaps directories and links as fast as a process can, while a guest works below its preopen. Whatever
 * it hits, nothing outside may be read, changed, made or removed.
 */
import assert from "node:assert/strict";
import { spawn, type ChildProcess } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { nodeDirectory } from "../../../src/hosts/node/files.ts";
import type { Steps } from "../../../src/io/steps.ts";
import { Descriptor, FilesystemError, reported } from "../../../src/wasi/filesystem/descriptor.ts";
import type { DescriptorFlags } from "../../../src/wasi/filesystem/flags.ts";
import { Shared } from "../../../src/wasi/filesystem/shared.ts";

const ROUNDS = 4000;
const SECRET = "nobody inside may read this";
const NOT_LINUX =
  process.platform !== "linux" && "only Linux gives steps that cannot be led astray (docs/filesystem.md)";

/** `swap` is a directory, then a link out, then a directory again; so is the file in `here`. */
const ATTACKER = `
  const { renameSync, symlinkSync, unlinkSync, writeFileSync } = require("node:fs");
  const quietly = (action) => { try { action(); } catch {} };
  process.send("ready");
  for (let round = 0; ; round++) {
    quietly(() => renameSync("in/swap", "in/aside"));
    quietly(() => symlinkSync("../out", "in/swap"));
    quietly(() => unlinkSync("in/swap"));
    quietly(() => symlinkSync("../../out", "in/aside/deep"));
    quietly(() => renameSync("in/aside", "in/swap"));
    quietly(() => unlinkSync("in/swap/deep"));
    quietly(() => renameSync("in/here/file", "in/here/aside"));
    quietly(() => symlinkSync("../../out/canary", "in/here/file"));
    quietly(() => unlinkSync("in/here/file"));
    quietly(() => renameSync("in/here/aside", "in/here/file"));
  }`;

let base: string;
let attacker: ChildProcess;

before(async () => {
  if (NOT_LINUX) return;
  base = mkdtempSync(join(tmpdir(), "sluice-attack-"));
  for (const folder of ["out", "in/swap/deep", "in/here"]) mkdirSync(join(base, folder), { recursive: true });
  writeFileSync(join(base, "out/canary"), SECRET);
  writeFileSync(join(base, "in/swap/canary"), "harmless");
  writeFileSync(join(base, "in/here/file"), "harmless");
  attacker = spawn(process.execPath, ["-e", ATTACKER], { cwd: base, stdio: ["ignore", "inherit", "inherit", "ipc"] });
  await new Promise((resolve) => attacker.once("message", resolve));
});

after(async () => {
  if (NOT_LINUX) return;
  const gone = new Promise((resolve) => attacker.once("close", resolve));
  attacker.kill("SIGKILL");
  await gone;
  rmSync(base, { recursive: true });
});

/** The steps of a file system that blocks: they never wait. `undefined` for an error that a guest would be told. */
function tried<T>(steps: Steps<T>): T | undefined {
  try {
    const step = reported(steps).next();
    if (step.done !== true) throw new Error("a file system that blocks has nothing to wait for");
    return step.value;
  } catch (error) {
    if (error instanceof FilesystemError) return undefined;
    throw error;
  }
}

const flags = (wanted: Partial<DescriptorFlags>): DescriptorFlags => ({
  read: false,
  write: false,
  fileIntegritySync: false,
  dataIntegritySync: false,
  requestedWriteSync: false,
  mutateDirectory: false,
  ...wanted,
});
const open = (wanted: Partial<Record<"create" | "directory" | "exclusive" | "truncate", boolean>>) => ({
  create: false,
  directory: false,
  exclusive: false,
  truncate: false,
  ...wanted,
});

/** Opens, does something, and lets go. Gives whether it came that far. */
function withFile(root: Descriptor, path: string, how: ReturnType<typeof open>, action: (file: Descriptor) => void) {
  const file = tried(root.openAt(true, path, how, flags({ read: true, write: true })));
  if (!file) return false;
  try {
    action(file);
  } finally {
    file.drop();
  }
  return true;
}

test("nothing outside is touched or read, whatever is swapped", { skip: NOT_LINUX, timeout: 120_000 }, () => {
  const root = Descriptor.preopen(new Shared(nodeDirectory(join(base, "in"), { blocking: true })), false);
  const openBefore = readdirSync("/proc/self/fd").length;
  let reached = 0;
  for (let round = 0; round < ROUNDS; round++) {
    for (const path of ["swap/canary", "swap/deep/canary", "here/file", "swap/../swap/canary"]) {
      const did = withFile(root, path, open({}), (file) => {
        const [bytes] = tried(file.read(100, 0)) ?? [];
        assert.notEqual(bytes && Buffer.from(bytes).toString(), SECRET, `${path} in round ${round}`);
      });
      if (did) reached++;
    }
    withFile(root, "swap/made", open({ create: true, truncate: true }), (file) => {
      tried(file.write(Buffer.from("made by the guest"), 0));
    });
    tried(root.createDirectoryAt("swap/folder"));
    tried(root.symlinkAt("x", "swap/link"));
    tried(root.linkAt(false, "here/file", root, "swap/second"));
    tried(root.setTimesAt(true, "swap/canary", 1n, 1n));
    tried(root.renameAt("swap/made", root, "swap/renamed"));
    tried(root.unlinkFileAt("swap/canary"));
    withFile(root, "swap/canary", open({ create: true }), () => {});
    for (const name of ["renamed", "link", "second", "made"]) tried(root.unlinkFileAt(`swap/${name}`));
    tried(root.removeDirectoryAt("swap/folder"));
  }
  assert.equal(readdirSync("/proc/self/fd").length, openBefore, "every descriptor is closed again");
  root.drop();
  assert.ok(reached > 0, "some of the calls found what they were for");
  assert.deepEqual(readdirSync(join(base, "out")), ["canary"]);
  assert.equal(readFileSync(join(base, "out/canary"), "utf8"), SECRET);
});

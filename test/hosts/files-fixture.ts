/** A directory of the machine's own, for `checkFiles`. */
import { mkdtempSync, rmSync } from "node:fs";
import { open, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { nodeDirectory } from "../../src/hosts/node/files.ts";
import type { FilesFixture } from "../../src/testing/index.ts";
import { MemoryFiles } from "../../src/wasi/filesystem/memory-files.ts";

/** Turns in which all has come that does not wait for a disk. */
const SOON = 100;

export function nodeFiles(blocking: boolean): FilesFixture {
  const path = mkdtempSync(join(tmpdir(), "sluice-files-"));
  const directory = nodeDirectory(path, { blocking });
  const elsewhere = new MemoryFiles().root();
  let turns = 0;
  return {
    directory,
    elsewhere,
    // Once through the threads that do the work, and the event loop; then to the disk and back, which may be busy.
    turn: () => (turns++ < SOON ? stat(path).then(() => {}) : synchronised(path)),
    dispose: () => {
      directory.close();
      rmSync(path, { recursive: true });
    },
  };
}

async function synchronised(path: string): Promise<void> {
  const directory = await open(path);
  await directory.sync();
  await directory.close();
}

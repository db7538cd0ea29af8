/** Open directories of one thread, as those of another. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { OpenNodes, remoteNode } from "../../src/hosts/isolate/files.ts";
import type { Link } from "../../src/hosts/isolate/link.ts";
import { MemoryFiles } from "../../src/wasi/filesystem/memory-files.ts";
import type { OpenDirectory, OpenOptions } from "../../src/wasi/filesystem/files.ts";

const READING: OpenOptions = {
  ...{ read: true, write: false, create: false, exclusive: false, truncate: false },
  sync: "none",
};

test("what is opened for an instance that is over by then is closed", async () => {
  const files = MemoryFiles.from({ "a/b": "" }, { later: true });
  const calls: readonly [method: string, ...args: unknown[]][] = [
    ["openAt", "a", READING],
    ["openDirectoryAt", "a"],
    ["openSelf"],
  ];
  for (const [method, ...args] of calls) {
    const nodes = new OpenNodes();
    const { number } = nodes.add(files.root());
    const opening = nodes.call(number, method, args);
    nodes.closeAll();
    // oxlint-disable-next-line no-await-in-loop -- one after the other
    await assert.rejects(opening, { code: "EBADF" });
    assert.equal(files.openCount, 0, method);
  }
});

test("two file systems in two threads are two: neither is asked about a directory of the other", async () => {
  // Asked for nothing.
  const link = { call: async () => assert.fail("the other thread was asked") } as unknown as Link;
  const remote = remoteNode(link, { number: 1, kind: "directory" }) as OpenDirectory;
  const own = new MemoryFiles().root();
  await assert.rejects(async () => remote.linkAt("a", own, "b"), { code: "EXDEV" });
  await assert.rejects(async () => remote.renameAt("a", own, "b"), { code: "EXDEV" });
});

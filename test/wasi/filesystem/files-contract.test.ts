/** Every file system of ours keeps the contract of the port. */
import assert from "node:assert/strict";
import { closeSync, mkdtempSync, openSync, readdirSync, rmSync, writeSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { nodeDirectory } from "../../../src/hosts/node/files.ts";
import { checkFiles, ContractError, FILES_RULES, type FilesFixture } from "../../../src/testing/index.ts";
import { FileError } from "../../../src/wasi/filesystem/files.ts";
import { MemoryFiles } from "../../../src/wasi/filesystem/memory-files.ts";
import { nodeFiles } from "../../hosts/files-fixture.ts";

for (const later of [false, true]) {
  test(`MemoryFiles that answers ${later ? "later" : "at once"} keeps every rule`, async () => {
    const { kept, skipped } = await checkFiles(() => memory(later));
    assert.deepEqual(skipped, []);
    assert.deepEqual(kept, FILES_RULES);
  });
}

for (const blocking of [true, false]) {
  test(`Node's files that ${blocking ? "block" : "wait"} keep every rule`, async () => {
    const { kept, skipped } = await checkFiles(() => nodeFiles(blocking));
    assert.deepEqual(skipped, []);
    assert.deepEqual(kept, FILES_RULES);
  });
}

test("Node's files leave nothing open", { skip: process.platform !== "linux" }, async () => {
  const openNow = (): number => readdirSync("/proc/self/fd").length;
  await checkFiles(() => nodeFiles(false));
  const before = openNow();
  await checkFiles(() => nodeFiles(true));
  await checkFiles(() => nodeFiles(false));
  assert.equal(openNow(), before);
});

test("a file system that breaks the contract is told all of it", async () => {
  const broken = checkFiles(() => {
    const fixture = memory(false);
    const { directory } = fixture;
    directory.unlinkAt = () => {
      throw new FileError("EACCES", "no");
    };
    directory.createDirectoryAt = () => {};
    return fixture;
  });
  await assert.rejects(broken, (error) => {
    assert.ok(error instanceof ContractError);
    assert.match(error.message, /^F3\.2 .*: d gave ok, expected EEXIST$|^F1\.5 /m);
    assert.match(error.message, /^F4\.1 /m);
    assert.ok(error.kept.length > 0);
    return true;
  });
});

function memory(later: boolean): FilesFixture {
  const files = new MemoryFiles({ later });
  const others = new MemoryFiles({ later });
  const [directory, elsewhere] = [files.root(), others.root()];
  return {
    directory,
    elsewhere,
    dispose: () => {
      directory.close();
      elsewhere.close();
      assert.equal(files.openCount + others.openCount, 0, "handles stay open");
    },
  };
}

test("Node's files that are closed touch no descriptor any more, whoever has the number now", async () => {
  const path = mkdtempSync(join(tmpdir(), "sluice-files-"));
  const directory = nodeDirectory(path, { blocking: true });
  const file = await directory.openAt("file", {
    read: true,
    write: true,
    create: true,
    exclusive: false,
    truncate: false,
    sync: "none",
  });
  assert.equal(file.kind, "file");
  file.close();
  // Has the lowest number that is free: that of the file.
  const other = openSync(join(path, "other"), "w+");
  file.close();
  assert.throws(() => file.write(Buffer.from("not mine"), 0), { code: "EBADF" });
  assert.throws(() => file.stat(), { code: "EBADF" });
  writeSync(other, "mine");
  closeSync(other);
  directory.close();
  directory.close();
  rmSync(path, { recursive: true });
});

/** Files behind handles of the File System standard, which here are made up. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { HandleDirectory } from "../../src/hosts/web/files/directory.ts";
import { Volume } from "../../src/hosts/web/files/volume.ts";
import type { OpenOptions } from "../../src/wasi/filesystem/files.ts";

/** A file whose bytes are there at once, as a worker has it, for one at a time. */
function fileHandle(truncate: () => void = () => {}): FileSystemFileHandle {
  let isOpen = false;
  const handle = {
    ...{ kind: "file", name: "file" },
    async createSyncAccessHandle() {
      assert.ok(!isOpen, "somebody else has it");
      isOpen = true;
      const access = { isOpen: true };
      const assertOpen = (): void => assert.ok(access.isOpen, "it is closed");
      return {
        truncate,
        getSize: () => (assertOpen(), 3),
        close() {
          assertOpen();
          access.isOpen = false;
          isOpen = false;
        },
      };
    },
  };
  // As much of it as is asked for.
  return handle as unknown as FileSystemFileHandle;
}

test("who opens a file while it is let go of has it open", async () => {
  const volume = new Volume();
  const handle = fileHandle();
  const first = await volume.open("/file", handle);
  const opening = [volume.open("/file", handle), volume.open("/file", handle)];
  volume.release(first);
  for (const file of await Promise.all(opening)) {
    assert.equal(await file.access.size(), 3);
    assert.throws(() => volume.mustBeClosed("/file"), { code: "EBUSY" });
    volume.release(file);
  }
  volume.mustBeClosed("/file");
  await volume.settled();
});

test("a file that cannot be emptied when it is opened is not left open", async () => {
  const refuse = (): never => {
    throw new DOMException("it is only to be read", "NoModificationAllowedError");
  };
  const removed: string[] = [];
  const root = {
    getFileHandle: async () => fileHandle(refuse),
    removeEntry: async (name: string) => void removed.push(name),
  };
  // As above.
  const directory = new HandleDirectory(new Volume(), root as unknown as FileSystemDirectoryHandle, "/");
  const options: OpenOptions = {
    ...{ read: true, write: true, create: false, exclusive: false, truncate: true },
    sync: "none",
  };
  await assert.rejects(directory.openAt("file", options), { code: "EBUSY" });
  await directory.unlinkAt("file");
  assert.deepEqual(removed, ["file"]);
});

/** A sink over a file that writes less than it is given, or says what cannot be. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { Outlet } from "../../../src/io/outlet.ts";
import { FaultyFile, microtasks, type OpenFile } from "../../../src/testing/index.ts";
import { checkedDirectory } from "../../../src/wasi/filesystem/checked-files.ts";
import { Descriptor } from "../../../src/wasi/filesystem/descriptor.ts";
import { FileError } from "../../../src/wasi/filesystem/files.ts";
import { FileSink } from "../../../src/wasi/filesystem/file-sink.ts";
import { MemoryFiles } from "../../../src/wasi/filesystem/memory-files.ts";

function opened(files: MemoryFiles): OpenFile {
  const options = { read: true, write: true, create: true, exclusive: false, truncate: false, sync: "none" } as const;
  const file = files.root().openAt("f", options);
  assert.ok(!(file instanceof Promise) && file.kind === "file");
  return file;
}

for (const later of [false, true]) {
  test(`D7 what a file leaves of a write goes on by itself, ${later ? "later" : "at once"}`, async () => {
    const files = new MemoryFiles();
    const file = new FaultyFile(opened(files), { pieceBytes: 20, later });
    const outlet = new Outlet(new FileSink(file, 0, true, () => {}), 1000);
    outlet.accept(new Uint8Array(197));
    while (file.underway > 0) {
      file.carryOut();
      // oxlint-disable-next-line no-await-in-loop -- one piece after the other
      await microtasks();
    }
    assert.equal(outlet.bufferedBytes, 0);
    assert.equal(files.usedBytes, 197);
  });

  for (const count of [0, -1, 9, 0.5, Number.NaN]) {
    test(`a file that says that it wrote ${count} of 8 bytes has failed, ${later ? "later" : "at once"}`, async () => {
      const file = Object.assign(new FaultyFile(opened(new MemoryFiles())), {
        write: () => (later ? Promise.resolve(count) : count),
      });
      const outlet = new Outlet(new FileSink(file, 0, true, () => {}), 1000);
      outlet.accept(new Uint8Array(8));
      outlet.flush();
      await microtasks();
      const { state } = outlet;
      assert.ok(state.tag === "failed" && state.cause instanceof RangeError);
    });
  }
}

test("what a file refuses that carries it out later is refused later", async () => {
  const file = new FaultyFile(opened(new MemoryFiles({ capacityBytes: 4 })), { later: true });
  const all = Promise.allSettled([file.write(new Uint8Array(1), 2 ** 60), file.write(new Uint8Array(3), 0)]);
  file.carryOut();
  const [refused, written] = await all;
  assert.ok(refused.status === "rejected" && refused.reason instanceof FileError);
  assert.deepEqual(written, { status: "fulfilled", value: 3 });
});

for (const count of [-1, 9, 0.5, Number.NaN]) {
  test(`a file that says that it read ${count} of 8 bytes has failed`, () => {
    const file = Object.assign(new FaultyFile(opened(new MemoryFiles())), { read: () => count });
    const flags = { fileIntegritySync: false, dataIntegritySync: false, requestedWriteSync: false };
    const descriptor = new Descriptor(file, { ...flags, read: true, write: false, mutateDirectory: false }, false);
    assert.throws(() => descriptor.readStream(0).read(8), RangeError);
  });

  test(`a file that says that it put ${count} bytes into 8 has failed, and an embedder's is named`, async () => {
    const file = Object.assign(opened(new MemoryFiles()), { readInto: () => count });
    const flags = { fileIntegritySync: false, dataIntegritySync: false, requestedWriteSync: false };
    const descriptor = new Descriptor(file, { ...flags, read: true, write: false, mutateDirectory: false }, false);
    assert.throws(() => descriptor.readStream(0).readInto?.(new Uint8Array(8), false), RangeError);
    const root = Object.assign(new MemoryFiles().root(), { openAt: () => file });
    const options = { read: true, write: false, create: false, exclusive: false, truncate: false } as const;
    const node = await checkedDirectory(root, "mine").openAt("f", { ...options, sync: "none" });
    assert.ok(node.kind === "file");
    assert.throws(
      () => node.readInto?.(new Uint8Array(8), 0),
      /^InternalError: mine\.readInto: expected a whole number/,
    );
  });
}

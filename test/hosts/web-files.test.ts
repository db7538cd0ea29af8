/** Directories that a page gives to a guest: an embedder's are checked, by what is loaded for them; ours are not. */
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { test } from "node:test";
import { MemoryFiles, run, type OpenDirectory } from "../../src/browser.ts";
import { HandleFiles } from "../../src/opfs.ts";
import { openedBy } from "../../src/wasi/filesystem/files.ts";
import { checkedDirectory } from "../../src/wasi/filesystem/checked-files.ts";

const guest = await readFile(new URL("../guests/built/cat-files.wasm", import.meta.url));

async function shown(root: OpenDirectory): Promise<string> {
  let text = "";
  await run(guest, {
    args: ["cat-files", "/notes.txt"],
    preopens: { "/": { directory: root, readOnly: true } },
    stdout: (chunk) => void (text += new TextDecoder().decode(chunk)),
  });
  return text;
}

function files(): OpenDirectory {
  return MemoryFiles.from({ "notes.txt": "a note" }).root();
}

/** Inherits all that it does not have. */
function other(own: object): OpenDirectory {
  return Object.assign(Object.create(files()) as OpenDirectory, own);
}

test("what is no handle of a directory is refused, and a promise of one is to be waited for", () => {
  // What nobody writes who has TypeScript look at it.
  const opened = (handle: unknown) => () => new HandleFiles(handle as FileSystemDirectoryHandle);
  for (const handle of [undefined, null, {}, "/", { kind: "file", getFile: () => {} }]) {
    assert.throws(opened(handle), /^TypeError: HandleFiles must be given a FileSystemDirectoryHandle; got /);
  }
  assert.throws(opened(Promise.resolve()), /; got an object Promise\. Wait for it first$/);
});

test("files in memory are read as they are", async () => {
  assert.equal(await shown(files()), "a note");
});

test("a directory that only inherits from files in memory is checked", async () => {
  await assert.rejects(shown(other({ stat: () => 5 })), {
    name: "InternalError",
    message: /^preopens\["\/"\]\.stat: expected a FileStat, got 5$/,
  });
});

test("a method of files in memory that somebody has replaced ends the instance too, if it misbehaves", async () => {
  await assert.rejects(shown(Object.assign(files(), { openAt: () => 5 })), { name: "InternalError" });
});

test("what is checked is known by what was opened", async () => {
  const file = await files().openAt("notes.txt", {
    ...{ read: true, write: false, create: false, exclusive: false, truncate: false },
    sync: "none",
  });
  assert.equal(file.kind, "file");
  const checked = await checkedDirectory(other({ openAt: () => file }), "mine").openAt("notes.txt", {
    ...{ read: true, write: false, create: false, exclusive: false, truncate: false },
    sync: "none",
  });
  assert.ok(checked.kind === "file" && checked !== file);
  assert.equal(openedBy(checked), file);
});

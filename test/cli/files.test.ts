/** Directories on the command line. */
import assert from "node:assert/strict";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { guest, sluice } from "./support.ts";

let folder: string;

before(() => {
  folder = mkdtempSync(join(tmpdir(), "sluice-dir-"));
  writeFileSync(join(folder, "note.txt"), "a note\n");
});

after(() => rmSync(folder, { recursive: true }));

describe("directories", { concurrency: 2 }, () => {
  test("--dir HOST::GUEST gives a directory under the guest's name for it", async () => {
    const { code, stdout } = await sluice(["--dir", `${folder}::/data`, guest("cat-files"), "/data/note.txt"]);
    assert.deepEqual({ code, stdout }, { code: 0, stdout: "a note\n" });
  });

  test("--dir HOST gives it under its own name", async () => {
    const { code, stdout } = await sluice(["--dir", ".", guest("cat-files"), "note.txt"], { cwd: folder });
    assert.deepEqual({ code, stdout }, { code: 0, stdout: "a note\n" });
  });

  test("several directories, each under its name", async () => {
    const args = ["--dir", `${folder}::/one`, "--ro-dir", `${folder}::/two`, guest("cp"), "/two/note.txt", "/one/copy"];
    const { code, stderr } = await sluice(args);
    assert.equal(code, 0, stderr);
    assert.equal(readFileSync(join(folder, "copy"), "utf8"), "a note\n");
  });

  test("--ro-dir lets the guest read, and change nothing", async () => {
    const { code, stderr } = await sluice(["--ro-dir", `${folder}::/`, guest("cp"), "/note.txt", "/made"]);
    assert.equal(code, 1);
    assert.match(stderr, /made: Operation not permitted/);
    assert.equal(existsSync(join(folder, "made")), false);
  });

  test("without a directory the guest has no files", async () => {
    const { code, stderr } = await sluice([guest("cat-files"), "/etc/passwd"]);
    assert.equal(code, 1);
    assert.match(stderr, /etc\/passwd/);
  });

  for (const [value, message] of [
    ["", '--dir expects HOST or HOST::GUEST, got ""'],
    ["a::b::c", '--dir expects HOST or HOST::GUEST, got "a::b::c"'],
    ["::/data", '--dir expects HOST or HOST::GUEST, got "::/data"'],
  ] as const) {
    test(`--dir ${JSON.stringify(value)} is refused`, async () => {
      const { code, stderr } = await sluice(["--dir", value, guest("ls")]);
      assert.equal(code, 1);
      assert.ok(stderr.includes(message), stderr);
    });
  }

  test("a directory that is not there is refused before anything runs", async () => {
    const { code, stdout, stderr } = await sluice(["--dir", join(folder, "nowhere"), guest("hello")]);
    assert.deepEqual({ code, stdout }, { code: 1, stdout: "" });
    assert.match(stderr, /nowhere: There is no such directory: --dir/);
  });

  test("a file is no directory", async () => {
    const { code, stderr } = await sluice(["--dir", join(folder, "note.txt"), guest("hello")]);
    assert.equal(code, 1);
    assert.match(stderr, /note\.txt: This is no directory: --dir/);
  });
});

/** The layout that JSR takes: as far as it can be tried without publishing. Its registry is not asked. */
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { cp, mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { promisify } from "node:util";
import { root } from "./support.ts";

let folder: string;

before(async () => {
  folder = await mkdtemp(join(tmpdir(), "sluice-jsr-"));
  // By itself: beside node_modules it would be a project of npm.
  for (const name of ["src", "jsr.json", "README.md", "LICENSE"]) {
    // oxlint-disable-next-line no-await-in-loop -- a few
    await cp(join(root, name), join(folder, name), { recursive: true });
  }
});

after(() => rm(folder, { recursive: true, force: true }));

test("every export says its types, so that JSR need not infer any", async () => {
  const { stderr } = await promisify(execFile)(
    join(root, "node_modules", ".bin", "deno"),
    ["publish", "--dry-run", "--allow-dirty", "--no-check"],
    { cwd: folder, env: { ...process.env, NO_COLOR: "1" } },
  );
  // It refuses what has slow types, unless it is told not to.
  assert.match(stderr, /Checking for slow types[\s\S]*Success Dry run complete/);
});

test("it has the version of the package", async () => {
  const versions = await Promise.all(
    ["package.json", "jsr.json"].map(async (name) => {
      const { version } = JSON.parse(await readFile(join(root, name), "utf8")) as { readonly version: string };
      return version;
    }),
  );
  assert.equal(versions[0], versions[1]);
});

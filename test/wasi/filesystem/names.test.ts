/** Names on disk that no guest can be told. */
import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { nodeDirectory, run } from "../../../src/index.ts";
import { collector, guest } from "../../run/support.ts";

const LATIN1 = process.platform !== "linux" && "only Linux lets a name be any bytes";

test("a name that is no UTF-8 is an error of its own, and hides no other", { skip: LATIN1 }, async () => {
  const folder = mkdtempSync(join(tmpdir(), "sluice-names-"));
  writeFileSync(join(folder, "plain"), "");
  writeFileSync(Buffer.concat([Buffer.from(`${folder}/`), Buffer.of(0xe4, 0x2e, 0xff)]), "");
  const directory = nodeDirectory(folder, { blocking: true });
  const entries = await directory.entries();
  assert.deepEqual(new Set(entries.map(({ name }) => name)), new Set([null, "plain"]));
  directory.close();
  const stdout = collector();
  await run(await guest("ls"), { args: ["ls", "/"], preopens: { "/": folder }, stdout: stdout.sink });
  rmSync(folder, { recursive: true });
});
